"""Which cases a benchmark runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = ["Named", "one_seed", "selected"]


class Named(Protocol):
    """What every case has."""

    @property
    def name(self) -> str:
        """As given to ``--only``."""

    @property
    def data(self) -> str:
        """A name that :func:`nnbcd.datasets.load` knows."""


CaseT = TypeVar("CaseT", bound=Named)


def one_seed(options: argparse.Namespace) -> None:
    """The short run of a benchmark: its first seed only."""
    options.seeds = options.seeds[:1]


def selected(
    cases: Sequence[CaseT], options: argparse.Namespace
) -> list[CaseT]:
    """The cases of ``--only``; with ``--quick`` those of embedded data.

    Parameters
    ----------
    cases : sequence
    options : Namespace
        ``only`` and ``quick``.
    """
    return [
        case
        for case in cases
        if (not options.quick or case.data == "digits")
        and (not options.only or case.name in options.only)
    ]
