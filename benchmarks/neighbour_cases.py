"""The comparisons with neighbouring methods: networks, data, lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import networks
from nnbcd import Free, Network

__all__ = ["CASES", "Neighbours"]


@dataclass(frozen=True)
class Neighbours:
    """One network on one data set, trained by several methods.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        A name that :func:`nnbcd.datasets.load` knows.
    network : Network
        Decides what each may store.
    methods : sequence of str
        Keys of ``METHODS`` in ``neighbour_methods.py``, a line each.
    sweeps, plain_sweeps, epochs : int
        How long ours, plain BCD and Adam run.
    """

    name: str
    data: str
    network: Network
    methods: Sequence[str]
    sweeps: int
    epochs: int
    plain_sweeps: int = 100


CASES = (
    Neighbours(
        "digits-dense",
        "digits",
        networks.digits(Free()),
        (
            "ours",
            "plain BCD, public settings",
            "plain BCD, our start",
            "Adam",
        ),
        sweeps=30,
        epochs=60,
    ),
    Neighbours(
        "har-low-rank-80",
        "har",
        networks.har_low_rank(80),
        ("ours", "Adam, spectral start", "Adam, random factors"),
        sweeps=20,
        epochs=30,
    ),
)
