"""The objective as the authors print it, kept beside a run in flight.

Their number has gamma/2 on the squared loss; the lifted objective that the
blocks lower has 1/2. One line a sweep goes into a file beside the
checkpoint, so that a run that goes on has those of before.
"""

from __future__ import annotations

from pathlib import Path

from nnbcd.history import SweepRecord
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["Logged", "logged_file", "read_logged"]


class Logged:
    """A callback that appends sweep and number to a file.

    Parameters
    ----------
    path : Path
        Made if it does not exist.
    problem : Problem
        Squared loss; y of shape (N, d_L).
    """

    def __init__(self, path: Path, problem: Problem) -> None:
        self._path, self._problem = path, problem

    def __call__(self, record: SweepRecord, state: State) -> None:
        """Write the line of one sweep."""
        problem = self._problem
        gap = float(squared_norm(state.v[-1] - problem.y))
        more = 0.5 * (problem.layers[-1].gamma - 1) * gap
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"{record.sweep} {record.objective + more!r}\n")


def logged_file(checkpoint: Path) -> Path:
    """Where :class:`Logged` writes, given the checkpoint of the run."""
    return checkpoint.with_suffix(".log")


def read_logged(path: Path) -> dict[int, float]:
    """Number by sweep; of a sweep that was made twice, the later one.

    Parameters
    ----------
    path : Path
        Empty where there is no such file; a line cut short is left out.
    """
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text("utf-8").splitlines():
        sweep, _, number = line.partition(" ")
        try:
            found[int(sweep)] = float(number)
        except ValueError:
            continue
    return found
