"""Time a penalty sweep beside its plain form and the GEMM ceiling."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks import networks
from benchmarks.clock import Stopwatch, ratios
from benchmarks.data import load
from benchmarks.flops import sweep_flops
from benchmarks.store import provenance
from nnbcd import Network, Penalties, Problem, Solver, TensorTrain, run
from nnbcd.baselines import PlainProcedure

__all__ = ["COLUMNS", "Case", "cells", "plan", "quick", "run_case"]

COLUMNS = (
    "case",
    "clock",
    "ours s",
    "plain s",
    "ceiling s",
    "GEMM Gflop/s",
    "plain/ours",
    "ours/ceiling",
    "published s",
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A network of the paper with its settings.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        Data set; without it random numbers of the same shape serve.
    rows, labels : int
        Training rows, and classes.
    network : Network
        Without biases.
    penalties : Penalties
        As published.
    published : str
        Seconds a sweep in the authors' logs, on their GPU.
    tf32 : bool
        Whether a GPU may round the factors of float32 products to TF32.
    """

    name: str
    data: str
    rows: int
    labels: int
    network: Network
    penalties: Penalties
    published: str = ""
    tf32: bool = False


HAR = (networks.har_trains(80, bias=False), Penalties(0.5, 0.5, 5.0, 1.0))
CNN = (networks.cnn(40, bias=False), Penalties(5.0, 5.0, 0.1, 1.0))
CASES = (
    Case("har", "har", 7352, 6, *HAR, "1.2 - 2.6"),
    Case("har-tf32", "har", 7352, 6, *HAR, "1.2 - 2.6", tf32=True),
    Case("cnn", "mnist", 6000, 10, *CNN, "7.1 - 8.5"),
    Case("cnn-tf32", "mnist", 6000, 10, *CNN, "7.1 - 8.5", tf32=True),
    Case(
        "digits",
        "digits",
        1400,
        10,
        networks.digits(TensorTrain(24), bias=False),
        Penalties(),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``speed`` alone."""
    parser.add_argument(
        "--rounds", type=int, default=7, help="the first one is not counted"
    )


def quick(options: argparse.Namespace) -> None:
    """Three rounds that count."""
    options.rounds = 4


def plan(options: argparse.Namespace) -> Sequence[Case]:
    """The cases asked for; TF32 needs a GPU."""
    gpu = options.device.startswith("cuda")
    usual = ["har", "har-tf32", "cnn", "cnn-tf32"]
    if options.quick:
        usual = ["digits"]
    return [
        case
        for case in CASES
        if case.name in (options.only or usual) and (gpu or not case.tf32)
    ]


def run_case(case: Case, options: argparse.Namespace) -> Row:
    """Time the three contenders of ``case``, in turn, round after round.

    Parameters
    ----------
    case : Case
    options : Namespace
        ``rounds``, ``seeds`` (the first counts) and ``device``.
    """
    precision = "high" if case.tf32 else "highest"
    torch.set_float32_matmul_precision(precision)
    torch.backends.cudnn.allow_tf32 = case.tf32
    origin = provenance(options.device)
    x, y, origin["data"] = _data(case)
    solver = Solver(
        case.penalties,
        coupling="penalty",
        g_step="svd",
        dtype="float32",
        device=options.device,
        certify=False,
    )
    problem = solver.problem(case.network, x, y)
    watch, phi = _rounds(solver, problem, options)
    flops = sweep_flops(problem)
    work, product = sum(flops.values()), 2.0 * len(problem.x) * 1024 * 1024
    return {
        "name": f"{case.name}-{problem.x.device.type}",
        "network": repr(case.network),
        "penalties": repr(case.penalties),
        "samples": len(problem.x),
        "dtype": "float32",
        "tf32": case.tf32,
        "flops": flops,
        "clocks": {
            clock: ratios(times, work, product)
            for clock, times in watch.times.items()
        },
        "rounds": watch.times,
        "objectives": phi,
        "published_seconds": case.published,
        "provenance": origin,
    }


def _rounds(
    solver: Solver, problem: Problem, options: argparse.Namespace
) -> tuple[Stopwatch, dict[str, float]]:
    """Ours, plain and product in turn; the two objectives at the end."""
    watch, plain = Stopwatch(problem.x.device), PlainProcedure(problem)
    state = other = solver.init(problem, options.seeds[0])
    left = torch.randn(len(problem.x), 1024).to(problem.x)
    right = torch.randn(1024, 1024).to(problem.x)
    product = partial(torch.matmul, left, right)
    phi: dict[str, float] = {}
    for number in range(options.rounds):
        ours = partial(run.one_sweep, solver, problem, state, number + 1)
        state, record, blocks = watch("ours", ours)
        other, phi["plain"] = watch("plain", partial(plain.step, other))
        phi["ours"] = record.objective
        for _ in range(5):
            watch("gemm", product)
        for letter in "VUWG":
            spent = sum(b.seconds for b in blocks if b.block == letter)
            watch.note("wall", f"ours {letter}", spent)
        last = {k: v[-1] for k, v in watch.times["wall"].items()}
        print(
            f"  round {number}: ours {last['ours']:.3f} s, "
            f"plain {last['plain']:.3f} s",
            file=sys.stderr,
        )
        if number == 0 and options.rounds > 1:
            watch.clear()
    return watch, phi


def _data(case: Case) -> tuple[Any, Any, str]:
    """X (N, d_0) and y (N,), and where they come from."""
    try:
        data = load(case.data, case.rows)
    except FileNotFoundError:
        rng = np.random.default_rng(0)
        x = rng.standard_normal((case.rows, case.network.maps[0].d_in))
        return x, np.arange(case.rows) % case.labels, "random numbers"
    return data.x_train, data.y_train, data.name


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for each clock."""
    return [
        [
            row["name"],
            clock,
            f"{found['seconds']['ours']:.3f}",
            f"{found['seconds']['plain']:.3f}",
            f"{found['ceiling_seconds']:.3f}",
            f"{found['gemm_gflops']:.1f}",
            f"{found['plain_over_ours']:.2f}",
            f"{found['ours_over_ceiling']:.2f}",
            row["published_seconds"] if clock == "wall" else "",
        ]
        for clock, found in row["clocks"].items()
    ]
