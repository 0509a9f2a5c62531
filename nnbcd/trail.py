"""How far a run has come: complete sweeps only, whenever it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnbcd.history import BlockRecord, History, SweepRecord
from nnbcd.state import State

__all__ = ["Trail"]


class Trail:
    """The newest state and the records that led to it.

    An interrupt may fall between any two steps of Python. So the state and
    the lengths of both lists change together, in one assignment, and what
    the lists hold beyond those lengths is of a sweep that does not count.

    Parameters
    ----------
    state : State
        After the sweeps of ``history``.
    history : History
        So far; what is not a record in it stays.
    """

    def __init__(self, state: State, history: History) -> None:
        self._empty = replace(history, sweeps=(), blocks=())
        self._sweeps = list(history.sweeps)
        self._blocks = list(history.blocks)
        self._reached = state, len(self._sweeps), len(self._blocks)

    @property
    def state(self) -> State:
        """After the last complete sweep; W_i of shape (d_out, d_in)."""
        return self._reached[0]

    @property
    def done(self) -> int:
        """Complete sweeps."""
        return self._reached[1]

    @property
    def initial(self) -> float:
        """Phi before the first sweep."""
        return self._empty.initial_objective

    @property
    def sweeps(self) -> Sequence[SweepRecord]:
        """Records of the complete sweeps."""
        return self._sweeps[: self.done]

    @property
    def history(self) -> History:
        """All records of the complete sweeps."""
        blocks = tuple(self._blocks[: self._reached[2]])
        return replace(self._empty, sweeps=tuple(self.sweeps), blocks=blocks)

    def add(
        self,
        state: State,
        record: SweepRecord,
        blocks: Sequence[BlockRecord] = (),
    ) -> None:
        """One more complete sweep.

        Parameters
        ----------
        state : State
            After it; W_i of shape (d_out, d_in).
        record : SweepRecord
        blocks : sequence of BlockRecord
        """
        _, sweeps, rows = self._reached
        del self._sweeps[sweeps:], self._blocks[rows:]
        self._sweeps.append(record)
        self._blocks.extend(blocks)
        self._reached = state, len(self._sweeps), len(self._blocks)
