"""One run and its checkpoint: resume, and write from time to time."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnbcd.checkpoint import (
    Checkpoint,
    CheckpointWarning,
    Saved,
    load,
    save,
)
from nnbcd.fingerprint import different, fingerprint
from nnbcd.gathering import gathered, kept
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.trail import Trail

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["Keeper"]


class Keeper:
    """Resumes one run from its checkpoint and keeps that up to date.

    Parameters
    ----------
    checkpoint : Checkpoint, str or Path
    solver, problem, state : Solver, Problem, State
        The run as it would start; W_i of shape (d_out, d_in).

    Raises
    ------
    ValueError
        If the file is that of another run; the message says what differs.
    FileNotFoundError
        If the folder of the file does not exist.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | str | Path,
        solver: Solver,
        problem: Problem,
        state: State,
    ) -> None:
        if not isinstance(checkpoint, Checkpoint):
            checkpoint = Checkpoint(checkpoint)
        self._path = Path(checkpoint.path)
        self._pause = checkpoint.every_seconds
        self._sweeps = checkpoint.every_sweeps
        self._keep = checkpoint.keep
        self._written = 0  # sweeps in the file
        self._warned = False
        self._mark = fingerprint(solver, problem, state)
        self._rows = rows = problem.rows
        self._first = rows.group is None or rows.group.rank == 0
        self._due = time.perf_counter() + self._pause
        self.saved: Saved | None = None
        if not self._path.parent.is_dir():
            msg = (
                f"checkpoint: the folder {self._path.parent} does not "
                "exist: make it first."
            )
            raise FileNotFoundError(msg)
        if self._path.is_dir():
            msg = f"checkpoint: {self._path} is a folder: name a file in it."
            raise IsADirectoryError(msg)
        if not self._exists():
            return
        here = rows.here(len(problem.x))
        saved = load(self._path, problem.x.device, here)
        self.saved = replace(saved, state=kept(rows, saved.state))
        self._written = len(self.saved.history.sweeps)
        names = different(self.saved.fingerprint, self._mark)
        if names:
            msg = (
                f"checkpoint: {self._path} belongs to another run: the "
                f"{', '.join(names)} differ; give another file or delete it."
            )
            raise ValueError(msg)

    def sweep_done(self, trail: Trail, seconds: float) -> None:
        """Write if it is time to.

        Parameters
        ----------
        trail : Trail
        seconds : float
            Time the run has taken so far.
        """
        if self._sweeps is None:
            due = time.perf_counter() >= self._due
        else:
            due = trail.done - self._written >= self._sweeps
        if self._rows.agree(self._first and due):
            self.write(trail, seconds)

    def write(
        self, trail: Trail, seconds: float, *, stopped: bool = False
    ) -> None:
        """Write now, unless nothing has happened since it was read.

        Parameters
        ----------
        trail, seconds
            As in :meth:`sweep_done`.
        stopped : bool
            Whether a callback has ended the run.
        """
        if self.saved is not None:
            if trail.done == len(self.saved.history.sweeps):
                return
        start = time.perf_counter()
        state = gathered(self._rows, trail.state)
        if self._first:
            mark = self._mark
            self._save(
                Saved(state, trail.history, seconds, mark, stopped), trail
            )
        now = time.perf_counter()
        self._due = now + max(self._pause, 20 * (now - start))

    def _save(self, saved: Saved, trail: Trail) -> None:
        try:
            save(self._path, saved, keep=self._keep)
            self._written = trail.done
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        """Say once that a file could not be written."""
        if self._warned:
            return
        self._warned = True
        there = "there is none"
        if self._path.exists():
            there = f"the file is still that of sweep {self._written}"
        msg = (
            f"checkpoint: {self._path} could not be written "
            f"({error.strerror or error}): the run goes on, {there}; free "
            "some space."
        )
        warnings.warn(msg, CheckpointWarning, stacklevel=2)

    def _exists(self) -> bool:
        """Whether there is a file; all processes must see the same."""
        exists, group = self._path.exists(), self._rows.group
        if group is not None and len(set(group.tell(exists))) > 1:
            msg = (
                f"checkpoint: some processes see {self._path} and some do "
                "not: put it on a disk that all share."
            )
            raise ValueError(msg)
        return exists
