"""The comparisons with Adam: networks, data and the length of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import networks
from benchmarks.cases import DIGITS, HAR, MNIST
from nnbcd import (
    CrossEntropy,
    Free,
    LowRank,
    Network,
    Sparse,
    TensorTrain,
)
from nnbcd.couplings import Consistent
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
    coupling : Consistent
        The settings of the sweep.
    sweeps, epochs : int
        How long ours and Adam run.
    supports : sequence of str
        Adam's treatments of sparse weights, one line each: see
        :func:`nnbcd.baselines.train`.
    rows : int, optional
        Only the first rows of the training part.
    loss : Loss
        Of ours; Adam's is the cross-entropy.
    """

    name: str
    data: str
    network: Network
    coupling: Consistent
    sweeps: int
    epochs: int
    supports: Sequence[str] = ("fixed",)
    rows: int | None = None
    loss: Loss = field(default_factory=CrossEntropy)


BOTH = ("fixed", "gradual")
PRUNED = Sparse(0.9)


def _digits(kind: str, structure: Structure, *supports: str) -> Comparison:
    return Comparison(
        f"digits-{kind}",
        "digits",
        networks.digits(structure),
        DIGITS,
        sweeps=30,
        epochs=60,
        supports=supports or ("fixed",),
    )


def _har(
    kind: str, structures: Sequence[Structure], *supports: str
) -> Comparison:
    return Comparison(
        f"har-{kind}",
        "har",
        networks.har(structures),
        HAR,
        sweeps=30,
        epochs=40,
        supports=supports or ("fixed",),
    )


def _mnist(kind: str, structure: Structure, *supports: str) -> Comparison:
    return Comparison(
        f"mnist-20k-{kind}",
        "mnist",
        networks.lenet(structure),
        MNIST,
        sweeps=40,
        epochs=30,
        supports=supports or ("fixed",),
        rows=20_000,
    )


COMPARISONS = (
    _digits("dense", Free()),
    _digits("pruned-90", PRUNED, *BOTH),
    _digits("low-rank-16", LowRank(16)),
    _digits("tt-24", TensorTrain(24)),
    _har("dense", [Free()] * 4),
    _har("pruned-90", [PRUNED] * 4, *BOTH),
    _har("low-rank-80", [Free(), *[LowRank(80)] * 3]),
    _har(
        "tt-80",
        [TensorTrain(80, modes=modes) for modes in networks.HAR_MODES],
    ),
    _mnist("dense", Free()),
    _mnist("pruned-90", PRUNED, *BOTH),
    _mnist("low-rank-20", LowRank(20)),
    _mnist("tt-20", TensorTrain(20)),
)
