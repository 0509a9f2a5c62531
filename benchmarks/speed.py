"""Time a penalty sweep beside its plain form and the GEMM ceiling."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.clock import Stopwatch, ratios
from benchmarks.data import load
from benchmarks.flops import sweep_flops
from benchmarks.speed_cases import CASES, Case
from benchmarks.store import provenance
from nnbcd import Problem, Solver, run
from nnbcd.baselines import PlainProcedure

__all__ = ["CASES", "COLUMNS", "Case", "cells", "plan", "quick", "run_case"]

COLUMNS = (
    "case",
    "clock",
    "ours s",
    "certified s",
    "plain s",
    "ceiling s",
    "GEMM Gflop/s",
    "plain/ours",
    "ours/ceiling",
    "certified/ceiling",
    "published s",
)
Row = dict[str, Any]


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
    usual = ["har", "har-tf32", "har-5", "cnn", "cnn-tf32", "flares"]
    if options.quick:
        usual = ["digits"]
    return [
        case
        for case in CASES
        if case.name in (options.only or usual) and (gpu or not case.tf32)
    ]


def run_case(case: Case, options: argparse.Namespace) -> Row:
    """Time the contenders of ``case``, in turn, round after round.

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
        dtype=case.dtype,
        device=options.device,
        certify=False,
    )
    problem = solver.problem(case.network, x, y)
    watch, phi = _rounds(solver, problem, options, plain=case.plain)
    flops = sweep_flops(problem)
    work, product = sum(flops.values()), 2.0 * len(problem.x) * 1024 * 1024
    return {
        "name": f"{case.name}-{problem.x.device.type}",
        "network": repr(case.network),
        "penalties": repr(case.penalties),
        "samples": len(problem.x),
        "dtype": case.dtype,
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
    solver: Solver,
    problem: Problem,
    options: argparse.Namespace,
    *,
    plain: bool,
) -> tuple[Stopwatch, dict[str, float]]:
    """Ours, with the certificate, plain and product in turn.

    And the objectives at the end, ours and the plain one.
    """
    watch = Stopwatch(problem.x.device)
    procedure = PlainProcedure(problem) if plain else None
    certifying = replace(solver, certify=True)
    state = other = solver.init(problem, options.seeds[0])
    left = torch.randn(len(problem.x), 1024).to(problem.x)
    right = torch.randn(1024, 1024).to(problem.x)
    product = partial(torch.matmul, left, right)
    phi: dict[str, float] = {}
    for number in range(options.rounds):
        ours, certified = (
            partial(run.one_sweep, one, problem, state, number + 1)
            for one in (solver, certifying)
        )
        watch("certified", certified)
        state, record, blocks = watch("ours", ours)
        if procedure is not None:
            step = partial(procedure.step, other)
            other, phi["plain"] = watch("plain", step)
        phi["ours"] = record.objective
        for _ in range(5):
            watch("gemm", product)
        for letter in "VUWG":
            spent = sum(b.seconds for b in blocks if b.block == letter)
            watch.note("wall", f"ours {letter}", spent)
        last = {k: v[-1] for k, v in watch.times["wall"].items()}
        print(
            f"  round {number}: ours {last['ours']:.3f} s, "
            f"with the certificate {last['certified']:.3f} s",
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
            _cell(found["seconds"].get("certified"), 3),
            _cell(found["seconds"].get("plain"), 3),
            f"{found['ceiling_seconds']:.3f}",
            f"{found['gemm_gflops']:.1f}",
            _cell(found["plain_over_ours"]),
            f"{found['ours_over_ceiling']:.2f}",
            _cell(found.get("certified_over_ceiling")),
            row["published_seconds"] if clock == "wall" else "",
        ]
        for clock, found in row["clocks"].items()
    ]


def _cell(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
