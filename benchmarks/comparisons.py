"""The comparisons with Adam: networks, data and the length of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import networks
from nnbcd import (
    Free,
    Gradual,
    LowRank,
    Network,
    Sparse,
    Squared,
    TensorTrain,
)
from nnbcd.losses import Loss
from nnbcd.structures import Structure

__all__ = ["COMPARISONS", "Comparison"]


@dataclass(frozen=True)
class Comparison:
    """One network on one data set, trained in both ways.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        A name that :func:`nnbcd.datasets.load` knows.
    network : Network
        Decides what both may store.
    sweeps, epochs : int
        How long ours and Adam run.
    supports : sequence of str
        Adam's treatments of sparse weights, one line each: see
        :func:`nnbcd.baselines.train`.
    rows : int, optional
        Only the first rows of the training part.
    loss : Loss
        Of ours; Adam's is the cross-entropy.
    schedule : Gradual, optional
        How our sets tighten over the first sweeps.
    """

    name: str
    data: str
    network: Network
    sweeps: int
    epochs: int
    supports: Sequence[str] = ("fixed",)
    rows: int | None = None
    loss: Loss = field(default_factory=Squared)
    schedule: Gradual | None = None


BOTH = ("fixed", "gradual")
PRUNED = Sparse(0.9)


def _digits(kind: str, structure: Structure, *supports: str) -> Comparison:
    return Comparison(
        f"digits-{kind}",
        "digits",
        networks.digits(structure),
        sweeps=30,
        epochs=60,
        supports=supports or ("fixed",),
        schedule=Gradual(5) if supports else None,
    )


def _har(
    kind: str, structures: Sequence[Structure], *supports: str
) -> Comparison:
    return Comparison(
        f"har-{kind}",
        "har",
        networks.har(structures),
        sweeps=20,
        epochs=30,
        supports=supports or ("fixed",),
        schedule=Gradual(5) if supports else None,
    )


def _mnist(kind: str, structure: Structure, *supports: str) -> Comparison:
    return Comparison(
        f"mnist-20k-{kind}",
        "mnist",
        networks.lenet(structure),
        sweeps=20,
        epochs=20,
        supports=supports or ("fixed",),
        schedule=Gradual(5) if supports else None,
        rows=20_000,
    )


COMPARISONS = (
    _digits("dense", Free()),
    _digits("pruned-90", PRUNED, *BOTH),
    _digits("low-rank-16", LowRank(16)),
    _digits("tt-24", TensorTrain(24)),
    _digits("pruned-98", Sparse(0.98), *BOTH),
    _digits("tt-8", TensorTrain(8)),
    Comparison("digits-deep", "digits", networks.deep(), 30, 60),
    _har("dense", [Free()] * 4),
    _har("pruned-90", [PRUNED] * 4, *BOTH),
    _har("low-rank-80", [Free(), *[LowRank(80)] * 3]),
    _har("tt-80", networks.har_trains(80).structures[:-1]),
    _mnist("dense", Free()),
    _mnist("pruned-90", PRUNED, *BOTH),
    _mnist("low-rank-20", LowRank(20)),
    _mnist("tt-20", TensorTrain(20)),
)
