"""Reach the targets: accuracy after so many sweeps, median over seeds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.cases import CASES, Case, Goal
from benchmarks.data import load
from benchmarks.relative import RELATIVE, Relative
from benchmarks.selection import one_seed as quick
from benchmarks.selection import selected
from benchmarks.store import provenance
from nnbcd import Result, Solver

__all__ = ["COLUMNS", "cells", "plan", "quick", "run_case", "verdict"]

COLUMNS = (
    "case",
    "target",
    "test by seed",
    "median",
    "best",
    "s",
    "rises",
    "",
)
Row = dict[str, Any]


def plan(options: argparse.Namespace) -> Sequence[Case | Relative]:
    """The cases asked for; ``--quick`` keeps the embedded data."""
    return selected((*CASES, *RELATIVE), options)


def run_case(case: Case | Relative, options: argparse.Namespace) -> Row:
    """Train ``case`` from every seed and judge its goals.

    Parameters
    ----------
    case : Case or Relative
    options : Namespace
        ``seeds`` and ``device``.

    Raises
    ------
    FileNotFoundError
        If its data are not at hand.
    """
    if isinstance(case, Relative):
        return case.measure(options)
    data = load(case.data, case.rows)
    solver = Solver(
        schedule=case.schedule,
        sweeps=case.sweeps,
        loss=case.loss,
        dtype="float32",
        device=options.device,
        certify=False,
    )
    origin, runs = provenance(options.device), []
    for seed in options.seeds:
        result = solver.fit(
            case.network,
            data.x_train,
            data.y_train,
            validation=(data.x_test, data.y_test),
            seed=seed,
        )
        runs.append(_summary(result, seed))
        print(f"  {case.name} seed {seed}: {result}", file=sys.stderr)
    return {
        "name": case.name,
        "data": case.data,
        "rows": len(data.x_train),
        "network": repr(case.network),
        "loss": case.loss.name,
        "schedule": None if case.schedule is None else asdict(case.schedule),
        "coupling": asdict(solver.method),
        "parameters": case.network.parameters,
        "dense_parameters": case.network.dense_parameters,
        "runs": runs,
        "goals": [verdict(goal, runs) for goal in case.goals],
        "provenance": origin,
    }


def _summary(result: Result, seed: int) -> Row:
    """What is kept of a run: one number a sweep."""
    sweeps = result.history.sweeps
    return {
        "seed": seed,
        "status": result.status.name,
        "parameters": result.parameters,
        "objective": result.history.objective,
        "objective_increases": result.history.objective_increases,
        "seconds": [s.seconds for s in sweeps],
        "train_accuracy": [s.train_accuracy for s in sweeps],
        "test_accuracy": [s.validation_accuracy for s in sweeps],
    }


def verdict(goal: Goal, runs: Sequence[Row]) -> Row:
    """Judge one goal by the accuracy *at* its sweep, median over runs.

    A run that ended earlier counts with its last sweep. ``best`` is the
    median of the best accuracies up to that sweep: chosen on the test part,
    so it is shown and decides nothing.

    Parameters
    ----------
    goal : Goal
    runs : sequence of dict
        With ``test_accuracy``, ``seconds`` and ``objective_increases``.
    """
    curves = [run["test_accuracy"][: goal.sweep] for run in runs]
    at = [curve[-1] if curve else 0.0 for curve in curves]
    seconds = median(sum(run["seconds"][: goal.sweep]) for run in runs)
    rises = sum(run["objective_increases"] for run in runs)
    met = (
        median(at) >= goal.accuracy
        and rises == 0
        and (goal.seconds is None or seconds <= goal.seconds)
    )
    return {
        "target": str(goal),
        **asdict(goal),
        "test_by_seed": at,
        "median": median(at),
        "best": median(max(curve, default=0.0) for curve in curves),
        "measured_seconds": seconds,
        "objective_increases": rises,
        "met": met,
    }


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for every goal of a row."""
    return [
        [
            row["name"] if k == 0 else "",
            goal["target"],
            " ".join(f"{x:.3f}" for x in goal.get("test_by_seed", ())),
            f"{goal['median']:.4f}",
            f"{goal['best']:.4f}" if "best" in goal else "",
            f"{goal['measured_seconds']:.1f}",
            str(goal.get("objective_increases", "")),
            "met" if goal["met"] else "MISSED",
        ]
        for k, goal in enumerate(row["goals"])
    ]
