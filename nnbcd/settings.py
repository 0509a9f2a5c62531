"""Which settings of a solver are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnbcd.checks import choice, count, device, instance, number
from nnbcd.couplings import BY_NAME as COUPLINGS
from nnbcd.couplings import Coupling
from nnbcd.inputs import DTYPES
from nnbcd.losses import Loss
from nnbcd.network import Network
from nnbcd.problem import G_STEPS, Penalties
from nnbcd.schedules import Gradual
from nnbcd.sizes import as_bytes

# Fourth powers of these, and their ratios, are numbers of the type.
LARGEST = {"float64": 1e75, "float32": 1e9}

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["check_callbacks", "check_problem", "check_settings"]


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
    for name in ("gamma", "rho", "tau", "alpha", "ridge"):
        _in_range(name, getattr(solver.penalties, name), solver.dtype)
    _in_range("scale", solver.scale or 0.0, solver.dtype)
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


def check_problem(solver: Solver, network: Any) -> None:
    """Refuse what is no network, and a device that is not here.

    Raises
    ------
    TypeError, ValueError
        One sentence naming the argument and the fix.
    """
    instance("network", network, Network, "Network(64, [Dense(10)])")
    if solver.device is not None:
        device(solver.device)


def check_callbacks(callbacks: Any) -> list[Any]:
    """The callbacks as a list; TypeError if one cannot be called."""
    if isinstance(callbacks, list | tuple) and all(map(callable, callbacks)):
        return list(callbacks)
    msg = f"callbacks must be a list of functions, got {callbacks!r}."
    raise TypeError(msg)


def _in_range(name: str, value: Any, dtype: str) -> None:
    """Refuse weights whose products or ratios the number type lacks."""
    largest = LARGEST[dtype]
    for x in value if isinstance(value, Sequence) else (value,):
        if x and not largest**-2 <= x <= largest:
            fix = "use dtype float64" if dtype == "float32" else "rescale"
            msg = (
                f"{name} is {x:g}, but {dtype} takes weights from "
                f"{largest**-2:g} to {largest:g}: {fix}."
            )
            raise ValueError(msg)
