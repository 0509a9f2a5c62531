"""From a trained network to its record and its file of weights."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd._typing import Tensor
from nnbcd.baselines import AdamResult
from nnbcd.experiments.environment import provenance
from nnbcd.experiments.experiment import Arm, Job, Trained
from nnbcd.experiments.logged import logged_file, read_logged
from nnbcd.experiments.record import RunRecord
from nnbcd.metrics import balanced_accuracy, stored_bytes
from nnbcd.result import Result

__all__ = ["measured", "run_name", "save_weights"]


def run_name(arm: Arm, seed: int) -> str:
    """The name of a run: the arm with its seed."""
    return f"{arm.name}-seed{seed}"


def measured(
    experiment: str,
    arm: Arm,
    job: Job,
    trained: Trained,
    *,
    note: str = "",
    peak: int | None = None,
    blocks: bool = False,
) -> RunRecord:
    """The record of a run.

    Parameters
    ----------
    experiment : str
        Its name.
    arm, job
        What was run, and how.
    trained : Result or AdamResult
        What came out.
    note : str
        A remark on the data.
    peak : int or None
        Bytes of memory at most.
    blocks : bool
        Whether the history keeps a row for every block update.
    """
    data = job.data
    history, certificate, status = None, None, "MAX_EPOCHS"
    if isinstance(trained, Result):
        kept, status = trained.history, trained.status.name
        whole = trained.certificate()
        certificate = asdict(whole) | {"holds": whole.holds}
        history = asdict(kept if blocks else replace(kept, blocks=()))
    curve = _curve(trained)
    if job.checkpoint is not None:
        logged = read_logged(logged_file(job.checkpoint))
        if logged:
            curve["logged"] = [logged.get(n) for n in curve["sweep"]]
    settings = arm.settings(job) | {"unit": arm.unit, "label": arm.label}
    if isinstance(trained, AdamResult):
        settings["lr"] = trained.lr
    return RunRecord(
        experiment=experiment,
        run=run_name(arm, job.seed),
        method=arm.method,
        seed=job.seed,
        quick=job.quick,
        settings=settings,
        data={
            "name": data.name,
            "train_rows": len(data.x_train),
            "test_rows": len(data.x_test),
            "features": data.features,
            "classes": data.classes,
            "note": note,
        },
        environment=provenance(job.device, _dtype(trained)),
        result={
            "accuracy": _accuracy(trained, data.x_test, data.y_test),
            "balanced_accuracy": balanced_accuracy(
                data.y_test, trained.predict(data.x_test)
            ),
            "train_accuracy": _accuracy(trained, data.x_train, data.y_train),
            "parameters": trained.parameters,
            "dense_parameters": trained.dense_parameters,
            "stored_bytes": stored_bytes(trained),
            "effective_sparsity": trained.effective_sparsity,
            "sweeps": arm.length(quick=job.quick),
            "seconds": curve["seconds"][-1] if curve["seconds"] else 0.0,
            "peak_bytes": peak,
            "objective_rises": _rises(trained),
            "status": status,
        },
        curve=curve,
        certificate=certificate,
        history=history,
    )


def save_weights(path: Path, trained: Trained) -> Path:
    """Weights and biases as an .npz file without pickle.

    Parameters
    ----------
    path : Path
        Replaced if it exists; its folder is made.
    trained : Result or AdamResult
        Layer i gives ``b<i>`` (d_out,) and either ``w<i>`` (d_out, d_in),
        zeros included, or ``w<i>_core<k>`` (r_{k-1}, n_k, r_k); of Adam's
        low-rank weights the two factors.
    """
    arrays: dict[str, Tensor] = {}
    if isinstance(trained, Result):
        state = trained.state
        for i, (w, g) in enumerate(
            zip(state.weights(), state.g, strict=True)
        ):
            if g is None or g.cores is None:
                arrays[f"w{i}"] = w
            else:
                arrays |= _numbered(f"w{i}_core", g.cores.cores)
            bias = state.b[i]
            if bias is not None:
                arrays[f"b{i}"] = bias
    else:
        model = trained.model
        for i, (w, weight) in enumerate(
            zip(model.dense(), model.weights, strict=True)
        ):
            factors = list(weight.parameters())
            if len(factors) == 1:
                arrays[f"w{i}"] = w
            else:
                arrays |= _numbered(f"w{i}_core", factors)
            if model.biases[i].numel():
                arrays[f"b{i}"] = model.biases[i]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        np.savez_compressed(stream, **_host(arrays))  # type: ignore[arg-type]
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    return path


def _curve(trained: Trained) -> dict[str, list[Any]]:
    if isinstance(trained, AdamResult):
        rows = trained.records
        return {
            "sweep": list(range(1, len(rows) + 1)),
            "seconds": [r.seconds for r in rows],
            "objective": [r.loss for r in rows],
            "train": [None for _ in rows],
            "test": [r.accuracy for r in rows],
        }
    sweeps = trained.history.sweeps
    return {
        "sweep": [s.sweep for s in sweeps],
        "seconds": list(accumulate(s.seconds for s in sweeps)),
        "objective": [s.objective for s in sweeps],
        "subgradient": [s.subgradient for s in sweeps],
        "step": [s.step_norm for s in sweeps],
        "train": [s.train_accuracy for s in sweeps],
        "test": [s.validation_accuracy for s in sweeps],
    }


def _rises(trained: Trained) -> int:
    """Sweeps, or evaluations of a baseline, at which the objective rose."""
    if isinstance(trained, Result):
        return trained.history.objective_increases
    losses = [r.loss for r in trained.records]
    return sum(after > before for before, after in pairwise(losses))


def _accuracy(
    trained: Trained, x: NDArray[np.float64], y: NDArray[np.int64]
) -> float:
    return float((trained.predict(x).cpu().numpy() == y).mean())


def _dtype(trained: Trained) -> str:
    if isinstance(trained, Result):
        return trained.history.dtype
    return str(next(trained.model.parameters()).dtype).rpartition(".")[2]


def _numbered(stem: str, tensors: Any) -> dict[str, Tensor]:
    return {f"{stem}{k}": x for k, x in enumerate(tensors)}


def _host(arrays: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: x.detach().cpu().numpy() for name, x in arrays.items()}
