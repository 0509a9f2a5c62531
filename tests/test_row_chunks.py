"""Rows in files, a piece at a time: the run is the same to rounding."""

import warnings
from typing import Any

import pytest

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
@pytest.mark.parametrize("coupling", ["penalty", "constraint", "consistent"])
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
