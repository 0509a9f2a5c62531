"""What a block that falls short of its promise is: rounding, or a fault."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnbcd.history import BlockRecord, tolerance
from nnbcd.problem import Problem
from nnbcd.rounding import rounding
from nnbcd.state import State
from nnbcd.sweep import AscentError

__all__ = ["noise", "refuse_ascent"]


def noise(
    problem: Problem,
    before: State,
    after: State,
    blocks: Sequence[BlockRecord],
) -> float:
    """Rounding of Phi in a sweep, if a block fell short; else 0.

    Parameters
    ----------
    problem : Problem
    before, after : State
        Around the sweep; tensors as in :class:`State`.
    blocks : sequence of BlockRecord
        Of the sweep.
    """
    limit = tolerance(_dtype(problem))
    if all(r.slack >= -limit * abs(r.objective_before) for r in blocks):
        return 0.0
    size = rounding(problem, before, after)
    return size if math.isfinite(size) else 0.0


def refuse_ascent(
    problem: Problem, before: State, after: State, record: BlockRecord
) -> None:
    """Raise AscentError if the block raised Phi beyond rounding.

    Parameters
    ----------
    problem : Problem
    before, after : State
        The iterate of the sweep's start, and that after the block.
    record : BlockRecord
        What the block did.
    """
    rise = record.objective_after - record.objective_before
    limit = tolerance(_dtype(problem)) * abs(record.objective_before)
    if not rise <= limit and not rise <= rounding(problem, before, after):
        msg = (
            f"block {record.block} of layer {record.layer} raised the "
            f"objective from {record.objective_before:.12g} to "
            f"{record.objective_after:.12g} in sweep {record.sweep}."
        )
        raise AscentError(msg)


def _dtype(problem: Problem) -> str:
    return str(problem.x.dtype).removeprefix("torch.")
