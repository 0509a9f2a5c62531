"""Cut afterwards, or train inside the set: measured on digits.

Stored in ``why.json`` by ``OMP_NUM_THREADS=1 python -m nnbcd.explore.why``;
five minutes on one core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from nnbcd import datasets
from nnbcd._typing import Tensor
from nnbcd.explore.grid import read_table
from nnbcd.layers import Dense
from nnbcd.network import Network
from nnbcd.result import Result
from nnbcd.solver import Solver
from nnbcd.structures import Free, LowRank, Sparse, Structure, TensorTrain

__all__ = ["accuracy", "cut", "measure", "measured", "network"]

SEEDS = (0, 1, 2)
SWEEPS = 10
EPOCHS = 50
STRUCTURES: dict[str, Structure] = {
    "dense": Free(),
    "90 % zeros": Sparse(0.9),
    "low rank 8": LowRank(8),
    "tensor train 24": TensorTrain(24),
}


def measured() -> dict[str, Any]:
    """The stored table: test accuracies, one a seed, by structure."""
    beside = Path(__file__).with_name("why.py")
    table: dict[str, Any] = read_table(str(beside))
    return table


def network(structure: Structure) -> Network:
    """64-256-256-10; ``structure`` in the hidden layers."""
    hidden = Dense(256, structure=structure)
    return Network(64, [hidden, hidden, Dense(10)])


def cut(weights: Sequence[Tensor], structure: Structure) -> list[Tensor]:
    """Hidden weights (d_out, d_in) moved to the set; the last is kept."""
    *hidden, last = weights
    return [*(structure.project(w).dense for w in hidden), last]


def accuracy(
    weights: Sequence[Tensor], biases: Sequence[Tensor | None]
) -> float:
    """Share of digits' test rows that a ReLU network gets right.

    Parameters
    ----------
    weights, biases : sequence
        W_i of shape (d_out, d_in), b_i of shape (d_out,) or None.
    """
    digits = datasets.digits()
    v = torch.from_numpy(digits.x_test)
    for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
        v = (v if i == 0 else v.relu()) @ w.to(v).T
        v = v if b is None else v + b.to(v)
    right = v.argmax(1) == torch.from_numpy(digits.y_test)
    return float(right.double().mean())


def measure() -> dict[str, Any]:
    """Train everything: by structure and procedure, a list over the seeds.

    ``seconds`` are processor time until the test accuracy first is 0.95,
    None if it never was.
    """
    table: dict[str, Any] = {"seeds": list(SEEDS)}
    for name, structure in STRUCTURES.items():
        rows = [_one(structure, seed) for seed in SEEDS]
        table[name] = {key: [row[key] for row in rows] for key in rows[0]}
        table[name]["numbers"] = network(structure).parameters
        print(name, table[name], flush=True)
    return table


def _one(structure: Structure, seed: int) -> dict[str, float | None]:
    free, net = network(Free()), network(structure)
    plain = _fit(free, "consistent", seed=seed)
    weights, biases, *_ = _adam(free, seed)
    onwards = _fit(net, "consistent", start=plain)
    since = time.process_time()
    inside = _fit(net, "consistent", seed=seed)
    ours = time.process_time() - since
    *_, adam, adam_seconds = _adam(net, seed)
    state = plain.state
    return {
        "Adam, cut": accuracy(cut(weights, structure), biases),
        "consistent, cut": accuracy(cut(state.weights(), structure), state.b),
        "consistent, cut, trained on": _last(onwards),
        "penalty, inside": _last(_fit(net, "penalty", seed=seed)),
        "consistent, inside": _last(inside),
        "Adam, inside": adam,
        "consistent, seconds": _until_good(
            ours, [x.validation_accuracy or 0 for x in inside.history.sweeps]
        ),
        "Adam, seconds": adam_seconds,
    }


def _fit(net: Network, coupling: str, **start: Any) -> Result:
    digits = datasets.digits()
    solver = Solver(coupling=coupling, sweeps=SWEEPS, certify=False)
    return solver.fit(
        net,
        digits.x_train,
        digits.y_train,
        validation=(digits.x_test, digits.y_test),
        **start,
    )


def _last(result: Result) -> float:
    found = result.history.sweeps[-1].validation_accuracy
    assert found is not None
    return found


def _until_good(seconds: float, accuracies: list[float]) -> float | None:
    """The share of ``seconds`` up to the first accuracy of 0.95."""
    for k, found in enumerate(accuracies, 1):
        if found >= 0.95:
            return seconds * k / len(accuracies)
    return None


def _adam(
    net: Network, seed: int
) -> tuple[list[Tensor], list[Tensor], float, float | None]:
    """Weights, biases, last accuracy, seconds to 0.95."""
    from nnbcd.baselines import train
    from nnbcd.baselines.factorised import Weight

    digits = datasets.digits()
    since = time.process_time()
    run = train(
        net,
        digits.x_train,
        digits.y_train,
        validation=(digits.x_test, digits.y_test),
        epochs=EPOCHS,
        seed=seed,
        support="gradual",
    )
    seconds = time.process_time() - since
    weights = []
    for weight in run.model.weights:
        assert isinstance(weight, Weight)
        weights.append(weight.dense().detach())
    biases = [b.detach() for b in run.model.biases]
    # A pruning under way stores more than it may: it does not count.
    accuracies = [
        r.accuracy if r.stored <= run.parameters else 0.0 for r in run.records
    ]
    return weights, biases, run.accuracy, _until_good(seconds, accuracies)
