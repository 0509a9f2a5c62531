"""Rows in files, a piece at a time: the run is the same to rounding."""

import gc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nnbcd import (
    Conv2d,
    CrossEntropy,
    Dense,
    Gradual,
    LargerThanDenseWarning,
    LowRank,
    Network,
    Penalties,
    Result,
    Solver,
    Sparse,
    TensorTrain,
    mapped,
)
from nnbcd.datasets import load

RTOL = 1e-10

NETWORKS = {
    "free": lambda: Network(64, [Dense(20), Dense(12), Dense(10)]),
    "sparse": lambda: Network(
        64, [Dense(20, structure=Sparse(0.7)), Dense(12), Dense(10)]
    ),
    "train": lambda: Network(
        64, [Dense(20), Dense(16, structure=TensorTrain(rank=3)), Dense(10)]
    ),
    "low rank": lambda: Network(
        64, [Dense(20, structure=LowRank(3), bias=False), Dense(10)]
    ),
    "convolution": lambda: Network(
        (1, 8, 8), [Conv2d(3, 3), Conv2d(2, 3), Dense(10)]
    ),
}

LIFTED: list[dict[str, Any]] = [
    {},
    {"acceleration": True, "loss": CrossEntropy()},
    {"schedule": Gradual(2)},
    {"penalties": Penalties(v_bounds=(0.0, 2.0)), "step_tol": 1e-12},
]


def digits(rows: int = 230) -> tuple[Any, Any]:
    data = load("digits")
    return data.x_train[:rows], data.y_train[:rows]


def close(one: Result, other: Result) -> float:
    """Largest relative difference of any block, and of the records."""
    pairs = [
        (a, b)
        for name in ("w", "b", "u", "v")
        for a, b in zip(
            getattr(one.state, name), getattr(other.state, name), strict=True
        )
        if a is not None
    ]
    gaps = [float((a - b).norm() / (a.norm() + 1e-300)) for a, b in pairs]
    for a, b in zip(one.history.sweeps, other.history.sweeps, strict=True):
        gaps.append(abs(a.objective - b.objective) / abs(a.objective))
        gaps.append(abs(a.step_norm - b.step_norm) / a.step_norm)
        if a.subgradient is not None and b.subgradient is not None:
            gaps.append(abs(a.subgradient - b.subgradient) / a.subgradient)
    return max(gaps)


def both(network: Network, **settings: Any) -> tuple[Result, Result]:
    x, y = digits()
    chunk = settings.pop("chunk_rows", 31)
    return (
        Solver(sweeps=4, **settings).fit(network, x, y),
        Solver(sweeps=4, **settings, chunk_rows=chunk).fit(network, x, y),
    )


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "coupling", ["penalty", "constraint", "consistent", "prox-linear"]
)
def test_iterates_are_those_of_the_run_in_memory(
    name: str, coupling: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        whole, pieces = both(NETWORKS[name](), coupling=coupling)
    assert close(whole, pieces) < RTOL
    assert all(
        mapped.is_mapped(x) for x in (*pieces.state.u, *pieces.state.v)
    )
    assert not any(mapped.is_mapped(x) for x in whole.state.u)


@pytest.mark.parametrize("settings", LIFTED, ids=lambda s: " ".join(s) or "-")
def test_every_option_of_the_lifted_couplings(
    settings: dict[str, Any],
) -> None:
    network = NETWORKS["sparse"]()
    for coupling in ("penalty", "constraint"):
        whole, pieces = both(network, coupling=coupling, **settings)
        assert close(whole, pieces) < RTOL


def test_a_piece_may_be_one_row_or_all_of_them() -> None:
    for chunk in (1, 1000):
        x, y = digits(40)
        network = NETWORKS["free"]()
        whole = Solver(sweeps=2, coupling="penalty").fit(network, x, y)
        pieces = Solver(sweeps=2, coupling="penalty", chunk_rows=chunk).fit(
            network, x, y
        )
        assert close(whole, pieces) < RTOL


def test_a_mapped_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    x, y = digits()
    np.save(tmp_path / "x.npy", x.astype(np.float32))
    rows = np.load(tmp_path / "x.npy", mmap_mode="r")
    network = NETWORKS["free"]()
    whole = Solver(sweeps=3).fit(network, np.array(rows), y)
    pieces = Solver(sweeps=3, chunk_rows=50).fit(network, rows, y)
    assert close(whole, pieces) < RTOL


def test_bad_rows_are_refused_wherever_they_lie() -> None:
    x, y = digits()
    x = x.copy()
    x[-1, 3] = np.nan
    solver = Solver(chunk_rows=50)
    with pytest.raises(ValueError, match="X has NaN or infinite entries"):
        solver.problem(NETWORKS["free"](), x, y)


def test_files_go_with_their_last_tensor() -> None:
    gc.collect()
    before = len(mapped._MAPS)
    x = mapped.empty((3, 4), torch.float64)
    assert mapped.is_mapped(x) and mapped.is_mapped(x[1:])
    assert len(mapped._MAPS) == before + 1
    x[:] = torch.arange(12.0).reshape(3, 4)
    mapped.release(x)
    assert x[2].tolist() == [8, 9, 10, 11]
    rows = mapped.take(x, torch.tensor([2, 0, 2]))
    assert torch.equal(rows, x[[2, 0, 2]])
    assert not mapped.is_mapped(rows)
    del x
    gc.collect()
    assert len(mapped._MAPS) == before


def test_a_run_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    x, y = digits(60)
    result = Solver(sweeps=1, chunk_rows=20).fit(NETWORKS["free"](), x, y)
    assert mapped.is_mapped(result.state.u[0])
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_goes_on_in_pieces_and_back(tmp_path: Path) -> None:
    x, y = digits()
    network, kept = NETWORKS["sparse"](), tmp_path / "run.npz"
    for coupling in ("constraint", "consistent", "prox-linear"):
        kept.unlink(missing_ok=True)
        settings: dict[str, Any] = {"coupling": coupling}
        Solver(sweeps=2, **settings).fit(network, x, y, checkpoint=kept)
        Solver(sweeps=4, chunk_rows=60, **settings).fit(
            network, x, y, checkpoint=kept
        )
        last = Solver(sweeps=6, **settings).fit(
            network, x, y, checkpoint=kept
        )
        straight = Solver(sweeps=6, **settings).fit(network, x, y)
        assert close(straight, last) < RTOL


@pytest.mark.parametrize(
    "settings", [{"chunk_rows": 10}, {"memory": "1GB"}], ids=str
)
def test_pieces_are_refused_on_a_gpu(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='needs device="cpu", not'):
        Solver(device="cuda", **settings)
