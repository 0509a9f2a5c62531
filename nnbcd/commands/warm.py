"""``train --warm-start``: consistent sweeps before the chosen coupling."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from nnbcd.commands.shared import is_first
from nnbcd.datasets import Dataset
from nnbcd.distributed import Processes
from nnbcd.network import Network
from nnbcd.result import Result
from nnbcd.solver import Solver

__all__ = ["check", "warm_start"]


def check(options: argparse.Namespace) -> None:
    """Refuse options that do not go with a warm start.

    Parameters
    ----------
    options : Namespace
        warm_start, coupling, gradual.

    Raises
    ------
    ValueError
        One sentence naming the option and the fix.
    """
    if options.warm_start is None:
        return
    if options.coupling == "consistent":
        msg = (
            "--warm-start needs --coupling penalty or constraint: its "
            "sweeps are consistent ones already, raise --sweeps."
        )
        raise ValueError(msg)
    if options.gradual is not None:
        msg = (
            "--warm-start and --gradual exclude each other: a warm start "
            "is already in the sets asked for."
        )
        raise ValueError(msg)


def warm_start(
    options: argparse.Namespace,
    solver: Solver,
    network: Network,
    data: Dataset,
    group: Processes | None = None,
) -> tuple[Result, Solver]:
    """Consistent sweeps, and the solver with the time that is left.

    Prints one line on stderr.

    Parameters
    ----------
    options : Namespace
        warm_start, seed.
    solver : Solver
        Of the chosen coupling.
    network : Network
    data : Dataset
        Its training rows, (N, d_0), are used: of this process's share.
    group : Processes or None
        That share the rows.
    """
    warm = replace(
        solver,
        coupling="consistent",
        sweeps=options.warm_start,
        acceleration=False,
    ).fit(
        network,
        data.x_train,
        data.y_train,
        seed=options.seed,
        group=group,
    )
    done = len(warm.history.sweeps)
    first, last = warm.history.objective[0], warm.history.objective[-1]
    if not is_first(group):
        return warm, _with_time_left(solver, warm)
    print(
        f"warm start: {done} consistent sweep{'s' * (done > 1)} in "
        f"{warm.seconds:.1f} s, training loss {first:.6g} -> {last:.6g}",
        file=sys.stderr,
    )
    return warm, _with_time_left(solver, warm)


def _with_time_left(solver: Solver, warm: Result) -> Solver:
    if solver.time_limit is None:
        return solver
    left = max(1e-9, solver.time_limit - warm.seconds)
    return replace(solver, time_limit=left)
