"""Typed records of a run: one row a block update, one row a sweep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BlockRecord", "History", "SweepRecord", "tolerance"]

_TOLERANCE = {"float64": 1e-10, "float32": 1e-5}


# Below this share of its start, Phi in float64 is zero to rounding.
_SOLVED = {"float64": 1e-12, "float32": 0.0}


def tolerance(dtype: str) -> float:
    """Relative rise of Phi that counts as rounding.

    1e-10 in float64, 1e-5 in float32: hundreds of units in the last place,
    for a sum whose terms are each exact to a few. Where operands are much
    larger than the gaps between them no share of Phi is large enough; what
    counts as rounding there is computed, ``SweepRecord.rounding``.

    Parameters
    ----------
    dtype : str
        float64 or float32.
    """
    return _TOLERANCE[dtype]


@dataclass(frozen=True)
class BlockRecord:
    """One block update.

    Parameters
    ----------
    sweep, layer : int
        Counted from 1, as in the book.
    block : str
        V, U, W or G.
    objective_before, objective_after : float
        Phi around the update.
    step_norm : float
        Length of the step (Frobenius; for ALS over the cores).
    guaranteed : float
        The decrease that theory promises for this step.
    seconds : float
        Wall clock. On a GPU: until the work is queued.
    """

    sweep: int
    layer: int
    block: str
    objective_before: float
    objective_after: float
    step_norm: float
    guaranteed: float
    seconds: float

    @property
    def decrease(self) -> float:
        """objective_before - objective_after."""
        return self.objective_before - self.objective_after

    @property
    def slack(self) -> float:
        """Decrease beyond the guaranteed one; negative breaks H1."""
        return self.decrease - self.guaranteed


@dataclass(frozen=True)
class SweepRecord:
    """One sweep.

    Parameters
    ----------
    sweep : int
        Counted from 1.
    objective : float
        Phi after the sweep, evaluated directly.
    decrease : float
        Phi before minus Phi after.
    step_norm : float
        Root of the summed squared steps of the blocks, which is
        ||P^k - P^{k-1}||; with extrapolation that is at most sqrt(2) times
        this number.
    guaranteed : float
        Sum of what theory promises, block by block.
    min_slack : float
        Smallest slack among the sweep's blocks.
    subgradient : float or None
        Norm of the subgradient of Phi at P^k, where it was computed.
    steepest : str or None
        The block with the largest part of the subgradient, in words.
    slope_rounding : float
        What rounding alone can make of the subgradient's norm, taken where
        Phi fell by no more than its rounding; else 0.
    seconds : float
        Wall clock of the sweep.
    train_accuracy, validation_accuracy : float or None
        Of the compressed network, where they were computed.
    tightened : bool
        Whether the sets were tightened before this sweep
        (:mod:`nnbcd.schedules`). Phi may jump there, from the objective of
        the sweep before to ``start``. A run that ends before its schedule
        does has a last record without a step: the projection on the sets
        asked for.
    rounding : float
        What rounding alone can do to Phi (:mod:`nnbcd.rounding`), taken
        where a block fell short of what theory promises; else 0.
    """

    sweep: int
    objective: float
    decrease: float
    step_norm: float
    guaranteed: float
    min_slack: float
    seconds: float
    subgradient: float | None = None
    train_accuracy: float | None = None
    validation_accuracy: float | None = None
    tightened: bool = False
    rounding: float = 0.0
    steepest: str | None = None
    slope_rounding: float = 0.0

    @property
    def start(self) -> float:
        """Phi when the sweep started, after any tightening."""
        return self.objective + self.decrease


@dataclass(frozen=True)
class History:
    """All records of a run.

    Parameters
    ----------
    initial_objective : float
        Phi before the first sweep.
    sweeps : sequence of SweepRecord
    blocks : sequence of BlockRecord
    dtype : str
        float64 or float32: decides what counts as rounding.
    coupling : str
        Name of the coupling; empty if it is not known. Under
        ``consistent`` Phi is the training loss.
    """

    initial_objective: float
    sweeps: Sequence[SweepRecord] = field(default=(), repr=False)
    blocks: Sequence[BlockRecord] = field(default=(), repr=False)
    dtype: str = "float64"
    coupling: str = ""

    @property
    def objective(self) -> list[float]:
        """Phi before the first sweep and after each one."""
        return [self.initial_objective, *(s.objective for s in self.sweeps)]

    @property
    def objective_increases(self) -> int:
        """Sweeps that raised Phi by more than rounding.

        A jump where the sets were tightened is no sweep's doing: such a
        sweep is judged from its ``start``.
        """
        limit = tolerance(self.dtype)
        starts = [
            s.start if s.tightened else phi
            for s, phi in zip(self.sweeps, self.objective, strict=False)
        ]
        return sum(
            s.objective - before > max(limit * abs(before), s.rounding)
            for s, before in zip(self.sweeps, starts, strict=True)
            if not self.solved(before)
        )

    @property
    def tightenings(self) -> int:
        """Sweeps before which the sets were tightened."""
        return sum(s.tightened for s in self.sweeps)

    @property
    def settled(self) -> Sequence[SweepRecord]:
        """Sweeps since the sets are what they are: all, if never changed."""
        first = 0
        for k, s in enumerate(self.sweeps):
            first = k if s.tightened else first
        return self.sweeps[first:]

    def solved(self, objective: float) -> bool:
        """True where Phi is zero to rounding: what follows proves nothing.

        In float64 below 1e-12 of its start. A float32 run has no digits
        left at that point, and no such excuse.
        """
        return abs(objective) < _SOLVED[self.dtype] * self.initial_objective

    def to_dataframe(self, rows: str = "sweeps") -> pd.DataFrame:
        """The records as a pandas data frame.

        Parameters
        ----------
        rows : str
            ``sweeps`` (default) or ``blocks``: what a row is.

        Raises
        ------
        ValueError
            If rows is neither.
        ImportError
            If pandas is not installed.
        """
        if rows not in ("sweeps", "blocks"):
            msg = f"rows must be 'sweeps' or 'blocks', not {rows!r}."
            raise ValueError(msg)
        import pandas as pd

        records = self.sweeps if rows == "sweeps" else self.blocks
        return pd.DataFrame([asdict(r) for r in records])

    def to_json(self) -> str:
        """All records as JSON; :meth:`from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> History:
        """History written by :meth:`to_json`.

        Raises
        ------
        ValueError
            If the text is not such a history; the message says what is
            missing.
        """
        try:
            data: dict[str, Any] = json.loads(text)
            tolerance(str(data["dtype"]))  # KeyError if unknown
            return cls(
                float(data["initial_objective"]),
                tuple(SweepRecord(**row) for row in data["sweeps"]),
                tuple(BlockRecord(**row) for row in data["blocks"]),
                str(data["dtype"]),
                str(data.get("coupling", "")),
            )
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            msg = f"text is not a history written by to_json: {error}."
            raise ValueError(msg) from None
