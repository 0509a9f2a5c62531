"""From command-line options to a solver."""

from __future__ import annotations

import argparse

from nnbcd.losses import get_loss
from nnbcd.problem import Penalties
from nnbcd.schedules import Gradual
from nnbcd.solver import Solver

__all__ = ["build_solver", "choose_coupling"]

WEIGHTS = ("gamma", "rho", "tau", "alpha", "ridge")
LIFTED = (*WEIGHTS, "g_step", "acceleration", "tol", "warm_start")


def choose_coupling(options: argparse.Namespace) -> None:
    """Settle ``options.coupling`` where none was asked for.

    Options of the lifted objective say that it is wanted: then the coupling
    is ``penalty``, otherwise the default of :class:`nnbcd.Solver`.

    Parameters
    ----------
    options : Namespace
        coupling, and the options named in ``LIFTED``, None if not given.
    """
    if options.coupling is None:
        lifted = any(getattr(options, name) is not None for name in LIFTED)
        options.coupling = "penalty" if lifted else Solver.coupling


def build_solver(options: argparse.Namespace) -> Solver:
    """The solver that the options ask for.

    Parameters
    ----------
    options : Namespace
        All options of ``train``; those not given are None.

    Raises
    ------
    ValueError
        If a value is out of range.
    """
    weights = {
        name: getattr(options, name)
        for name in WEIGHTS
        if getattr(options, name) is not None
    }
    gradual = options.gradual
    return Solver(
        Penalties(**weights),
        coupling=options.coupling,
        sweeps=options.sweeps,
        loss=get_loss(options.loss),
        g_step=options.g_step or Solver.g_step,
        initialisation=options.initialisation,
        scale=options.scale,
        tol=options.tol or Solver.tol,
        time_limit=options.time_limit,
        schedule=None if gradual is None else Gradual(gradual),
        acceleration=bool(options.acceleration),
        check_descent=options.check_descent,
        dtype=options.dtype,
        device=options.device,
        chunk_rows=options.chunk_rows,
        memory=options.memory,
    )
