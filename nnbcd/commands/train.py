"""Train a compressed network and report size, accuracy and certificate.

Progress goes to stderr, the result to stdout: a table, or JSON with --json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nnbcd.activations import BY_NAME as ACTIVATIONS
from nnbcd.commands.info import environment
from nnbcd.commands.layers import STRUCTURES, build_network
from nnbcd.couplings import BY_NAME as COUPLINGS
from nnbcd.datasets import Dataset, load
from nnbcd.initialisation import SCHEMES
from nnbcd.inputs import DTYPES
from nnbcd.losses import BY_NAME as LOSSES
from nnbcd.losses import get_loss
from nnbcd.problem import G_STEPS, Penalties
from nnbcd.result import Result
from nnbcd.solver import Solver

__all__ = ["add_arguments", "run", "summary"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``train``."""
    add = parser.add_argument
    net = parser.add_argument_group("network")
    add(
        "--data",
        default="digits",
        help="digits, mnist or har (under NNBCD_DATA), or an .npz file "
        "with x_train, y_train, x_test, y_test",
    )
    net.add_argument(
        "--hidden",
        type=int,
        nargs="*",
        default=[256, 256],
        metavar="WIDTH",
        help="widths of the hidden layers",
    )
    net.add_argument(
        "--structure",
        choices=STRUCTURES,
        default="none",
        help="what the hidden weights must become",
    )
    net.add_argument(
        "--rank", type=int, help="cap on every rank (tt, lowrank); default 16"
    )
    net.add_argument(
        "--modes",
        nargs="+",
        metavar="N1xN2x...",
        help="mode sizes (tt), one list a hidden layer",
    )
    net.add_argument(
        "--sparsity", type=float, help="share of zeros (sparse); default 0.9"
    )
    net.add_argument(
        "--ratio",
        type=float,
        help="stored share of all numbers of the network, biases and "
        "output layer included, instead of --rank or --sparsity",
    )
    net.add_argument(
        "--activation",
        choices=ACTIVATIONS,
        default="relu",
        help="of the hidden layers",
    )
    net.add_argument(
        "--bias",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="give every layer a bias",
    )
    run_ = parser.add_argument_group("method")
    run_.add_argument(
        "--coupling",
        choices=COUPLINGS,
        default="penalty",
        help="how weights and structures meet",
    )
    run_.add_argument(
        "--g-step",
        choices=G_STEPS,
        default="guarded",
        help="how a tensor train is fitted",
    )
    run_.add_argument(
        "--loss",
        choices=LOSSES,
        default="squared",
        help="loss of the last layer",
    )
    weights = Penalties()
    for name in ("gamma", "rho", "tau", "alpha", "ridge"):
        run_.add_argument(
            f"--{name}",
            type=float,
            help="penalty weight",
            default=getattr(weights, name),
        )
    run_.add_argument(
        "--acceleration",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="extrapolate after each sweep (penalty, constraint)",
    )
    run_.add_argument(
        "--initialisation",
        choices=SCHEMES,
        default=Solver.initialisation,
        help="of the weights",
    )
    run_.add_argument(
        "--scale",
        type=float,
        default=Solver.scale,
        help="factor on the initial weights",
    )
    run_.add_argument("--sweeps", type=int, default=50, help="most sweeps")
    run_.add_argument(
        "--tol",
        type=float,
        default=0.0,
        help="stop when the "
        "subgradient falls below this share of its first norm",
    )
    run_.add_argument(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="stop after this time",
    )
    run_.add_argument("--seed", type=int, default=0, help="of the start")
    run_.add_argument(
        "--dtype", choices=DTYPES, default="float64", help="precision"
    )
    run_.add_argument("--device", help="cpu, cuda, cuda:1, ...; default: cpu")
    run_.add_argument(
        "--check-descent",
        action="store_true",
        help="stop with an error at the first rise",
    )
    add("--record", type=Path, help="write history and settings here (JSON)")
    add("--quiet", action="store_true", help="no progress bar")
    add("--json", action="store_true", help="result as JSON")


def run(options: argparse.Namespace) -> int:
    """Train and print the summary."""
    data = load(options.data)
    network = build_network(options, data.features, data.classes)
    solver = Solver(
        Penalties(
            options.gamma,
            options.rho,
            options.tau,
            options.alpha,
            options.ridge,
        ),
        coupling=options.coupling,
        sweeps=options.sweeps,
        loss=get_loss(options.loss),
        g_step=options.g_step,
        initialisation=options.initialisation,
        scale=options.scale,
        tol=options.tol,
        time_limit=options.time_limit,
        acceleration=options.acceleration,
        check_descent=options.check_descent,
        dtype=options.dtype,
        device=options.device,
    )
    if options.record is not None and not options.record.parent.is_dir():
        msg = f"--record: the folder {options.record.parent} does not exist."
        raise ValueError(msg)
    result = solver.fit(
        network,
        data.x_train,
        data.y_train,
        validation=None if options.quiet else (data.x_test, data.y_test),
        seed=options.seed,
        progress=not options.quiet,
    )
    report = summary(result, data)
    if options.record is not None:
        settings = {k: str(v) for k, v in vars(options).items() if k != "run"}
        record = {
            "settings": settings,
            "environment": environment(),
            "result": report,
            "history": asdict(result.history),
        }
        options.record.write_text(json.dumps(record), encoding="utf-8")
    if options.json:
        print(json.dumps(report))
    else:
        _print_table(report, result)
    return 0


def summary(result: Result, data: Dataset) -> dict[str, Any]:
    """The figures of a run under the names the command line promises."""
    certificate = result.certificate()
    return {
        "status": str(result.status),
        "sweeps": len(result.history.sweeps),
        "seconds": round(result.seconds, 3),
        "device": str(result.state.w[0].device),
        "dtype": result.history.dtype,
        "objective": result.history.objective,
        "objective_increases": result.history.objective_increases,
        "train_accuracy": result.accuracy(data.x_train, data.y_train),
        "test_accuracy": result.accuracy(data.x_test, data.y_test),
        "parameters": result.parameters,
        "dense_parameters": result.dense_parameters,
        "compression": result.compression,
        "effective_sparsity": result.effective_sparsity,
        "certificate": {
            name: getattr(certificate, name)
            for name in ("monotone", "min_slack", "a", "b", "rate")
        },
    }


def _print_table(report: dict[str, Any], result: Result) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    phi = report["objective"]
    rows = {
        "status": report["status"],
        "sweeps": f"{report['sweeps']} in {report['seconds']:.1f} s on "
        f"{report['device']}, {report['dtype']}",
        "objective": f"{phi[0]:.6g} -> {phi[-1]:.6g}, "
        f"{report['objective_increases']} increases",
        "train accuracy": f"{report['train_accuracy']:.4f}",
        "test accuracy": f"{report['test_accuracy']:.4f}",
        "stored numbers": f"{report['parameters']:,} of "
        f"{report['dense_parameters']:,}, {report['compression']:.2f} times "
        "smaller",
        "effective sparsity": f"{report['effective_sparsity']:.4f}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console(width=78).print(table)
    print(result.certificate())
