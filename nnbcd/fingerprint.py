"""What a run is: network, settings, data and start, to tell runs apart."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nnbcd._typing import Tensor
from nnbcd.gathering import stream
from nnbcd.problem import Problem
from nnbcd.state import State

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["different", "fingerprint"]

# What decides the iterates. Not here: what only decides when a run ends
# (sweeps, tol, step_tol, time_limit, check_descent), and the device.
_SETTINGS = (
    "penalties",
    "method",
    "loss",
    "g_step",
    "schedule",
    "acceleration",
    "certify",
    "dtype",
)


def fingerprint(
    solver: Solver, problem: Problem, state: State
) -> dict[str, str]:
    """One line for each thing that decides how a run goes.

    Parameters
    ----------
    solver, problem : Solver, Problem
        The settings; X (N, d_0) and y (N, d_L).
    state : State
        Where the run starts; W_i of shape (d_out, d_in).

    Returns
    -------
    dict
        The keys are the words that :func:`different` says to the user.
    """
    from nnbcd import __version__

    labels = [] if problem.classes is None else [problem.classes]
    start = [*state.weights(), *(b for b in state.b if b is not None)]
    return {
        "version of nnbcd": __version__,
        "network": repr(problem.network),
        "data": _data(problem, labels) + repr(problem.names or ""),
        # Rounded: the scale of a start may be a sum over rows, which other
        # processes or pieces add up in another order.
        "start (seed or weights)": _digest([w.half() for w in start]),
    } | {name: repr(getattr(solver, name)) for name in _SETTINGS}


def different(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Names of the entries in which two fingerprints differ."""
    names = dict.fromkeys([*one, *other])
    return [name for name in names if one.get(name) != other.get(name)]


def _data(problem: Problem, labels: list[Tensor]) -> str:
    """Digest of all rows, whoever holds them."""
    total, rows = hashlib.sha256(_digest(labels).encode()), problem.rows
    for x in (problem.x, problem.y):
        total.update(f"{x.dtype}{(problem.samples, *x.shape[1:])}".encode())
        for piece in stream(rows, x):
            total.update(piece.detach().cpu().contiguous().numpy().data)
    digest = total.hexdigest()
    return digest if rows.group is None else str(rows.group.tell(digest)[0])


def _digest(tensors: list[Tensor]) -> str:
    total = hashlib.sha256()
    for x in tensors:
        rows = x.detach().cpu().contiguous().numpy()
        total.update(f"{rows.dtype}{rows.shape}".encode())
        total.update(rows.data)
    return total.hexdigest()
