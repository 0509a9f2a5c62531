"""Which settings of a solver are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnbcd.checks import choice, count, instance, number
from nnbcd.couplings import BY_NAME as COUPLINGS
from nnbcd.couplings import Coupling
from nnbcd.inputs import DTYPES
from nnbcd.losses import Loss
from nnbcd.problem import G_STEPS, Penalties
from nnbcd.schedules import Gradual
from nnbcd.sizes import as_bytes

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["check_settings"]


def check_settings(solver: Solver) -> None:
    """Refuse a setting out of range, or two that contradict each other.

    Raises
    ------
    TypeError, ValueError
        One sentence naming the setting and the fix.
    """
    if not isinstance(solver.coupling, Coupling):
        choice("coupling", solver.coupling, tuple(COUPLINGS))
    choice("g_step", solver.g_step, G_STEPS)
    choice("dtype", solver.dtype, tuple(DTYPES))
    instance("penalties", solver.penalties, Penalties, "Penalties()")
    instance("loss", solver.loss, Loss, "Squared()")
    solver.method.check(solver.penalties)
    count("sweeps", solver.sweeps)
    number("tol", solver.tol)
    number("step_tol", solver.step_tol)
    if solver.chunk_rows is not None:
        count("chunk_rows", solver.chunk_rows)
    if solver.memory is not None:
        as_bytes(solver.memory)
    in_pieces = solver.chunk_rows is not None or solver.memory is not None
    if in_pieces and solver.device not in (None, "cpu"):
        msg = (
            "chunk_rows and memory keep rows in files, which needs "
            f'device="cpu", not {solver.device!r}.'
        )
        raise ValueError(msg)
    for name in ("scale", "time_limit"):
        if getattr(solver, name) is not None:
            number(name, getattr(solver, name), strict=True)
    if solver.schedule is None:
        return
    instance("schedule", solver.schedule, Gradual, "Gradual(10)")
    if solver.sweeps <= solver.schedule.sweeps:
        msg = (
            f"schedule takes {solver.schedule.sweeps} sweeps before the "
            f"sets are those asked for, and sweeps is {solver.sweeps}: "
            f"raise sweeps to at least {solver.schedule.sweeps + 1}."
        )
        raise ValueError(msg)
