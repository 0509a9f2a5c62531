"""Train a compressed network and report size, accuracy and certificate.

Progress goes to stderr, the result to stdout: a table, or JSON with --json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from nnbcd.activations import BY_NAME as ACTIVATIONS
from nnbcd.commands.info import environment
from nnbcd.commands.layers import STRUCTURES, build_network
from nnbcd.commands.method import build_solver, choose_coupling
from nnbcd.commands.report import print_table, summary
from nnbcd.commands.shared import exchanged, is_first, joined, share
from nnbcd.commands.warm import check, warm_start
from nnbcd.couplings import BY_NAME as COUPLINGS
from nnbcd.datasets import NAMES, load
from nnbcd.deploy import save
from nnbcd.distributed import Processes
from nnbcd.initialisation import SCHEMES
from nnbcd.inputs import DTYPES
from nnbcd.losses import BY_NAME as LOSSES
from nnbcd.problem import G_STEPS, Penalties
from nnbcd.solver import Solver

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``train``."""
    add = parser.add_argument
    net = parser.add_argument_group("network")
    add(
        "--data",
        default="digits",
        help=f"{', '.join(NAMES)} (looked for in NNBCD_DATA), or an .npz "
        "file with x_train, y_train, x_test, y_test",
    )
    add("--input-scale", type=float, default=1.0, help="multiply X by this")
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
        help="how weights and structures meet; default: consistent, or "
        "penalty where an option of the lifted objective is given",
    )
    run_.add_argument(
        "--g-step",
        choices=G_STEPS,
        help="how a tensor train is fitted (penalty); default guarded",
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
            help="weight in the lifted objective (penalty, constraint); "
            f"default {getattr(weights, name):g}",
        )
    run_.add_argument(
        "--gradual",
        type=int,
        metavar="SWEEPS",
        help="tighten the sets over so many sweeps, not at once",
    )
    run_.add_argument(
        "--warm-start",
        type=int,
        metavar="SWEEPS",
        help="start from so many consistent sweeps (penalty, constraint)",
    )
    run_.add_argument(
        "--acceleration",
        action=argparse.BooleanOptionalAction,
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
        help="stop when the subgradient falls below this share of its first "
        "norm (penalty, constraint)",
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
    size = parser.add_argument_group(
        "many rows",
        "Under torchrun the rows are shared out among the processes.",
    )
    size.add_argument(
        "--memory",
        metavar="SIZE",
        help="4GiB, 600MB: the rows beyond that lie in temporary files",
    )
    size.add_argument(
        "--chunk-rows",
        type=int,
        metavar="ROWS",
        help="rows in memory at a time, instead of --memory",
    )
    size.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="after which a silent process counts as lost (torchrun)",
    )
    add(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="go on from this file if it exists, and write it on the way",
    )
    add(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the model here, in single precision, for `inspect`, "
        "`export` and nnbcd.load",
    )
    add(
        "--lean",
        action="store_true",
        help="take dead units out of the saved model",
    )
    add("--record", type=Path, help="write history and settings here (JSON)")
    add("--quiet", action="store_true", help="no progress bar")
    add("--json", action="store_true", help="result as JSON")


def run(options: argparse.Namespace) -> int:
    """Train and print the summary.

    With --warm-start the history, the certificate and the number of sweeps
    are those of the chosen coupling; the seconds are those of both.
    """
    choose_coupling(options)
    check(options)
    with joined(options) as group:
        return _run(options, group)


def _run(options: argparse.Namespace, group: Processes | None) -> int:
    data = load(options.data).scaled(options.input_scale)
    network = build_network(options, data.features, data.classes)
    solver = build_solver(options)
    for name in ("record", "save"):
        path = getattr(options, name)
        if path is not None and not path.parent.is_dir():
            msg = f"--{name}: the folder {path.parent} does not exist."
            raise ValueError(msg)
        if path is not None and path.is_dir():
            msg = f"--{name}: {path} is a folder: name a file in it."
            raise ValueError(msg)
    if options.lean and options.save is None:
        msg = "--lean needs --save FILE: it changes what is saved."
        raise ValueError(msg)
    warm, first, mine = None, is_first(group), share(group, data)
    if options.warm_start is not None:
        warm, solver = warm_start(options, solver, network, mine, group)
    result = solver.fit(
        network,
        mine.x_train,
        mine.y_train,
        validation=None if options.quiet else (data.x_test, data.y_test),
        seed=options.seed,
        start=warm,
        checkpoint=options.checkpoint,
        progress=first and not options.quiet,
        group=group,
    )
    if not first:
        return 0
    if warm is not None:
        result = replace(result, seconds=warm.seconds + result.seconds)
    report = summary(result, data)
    if group is not None:
        report["processes"] = exchanged(group, report["sweeps"])
    if options.record is not None:
        settings = {k: str(v) for k, v in vars(options).items() if k != "run"}
        record = {
            "settings": settings,
            "environment": environment(),
            "result": report,
            "history": asdict(result.history),
        }
        options.record.write_text(json.dumps(record), encoding="utf-8")
    if options.save is not None:
        single = result.to_module(lean=options.lean, dtype=torch.float32)
        save(single, options.save)
    if options.json:
        print(json.dumps(report))
    else:
        print_table(report, result)
    return 0
