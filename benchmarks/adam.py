"""Compare with Adam at equal stored parameters: accuracy and time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from benchmarks.comparisons import COMPARISONS, Comparison
from benchmarks.data import load
from benchmarks.outcome import LEVELS, compare
from benchmarks.selection import one_seed as quick
from benchmarks.selection import selected
from benchmarks.store import provenance
from nnbcd import Solver
from nnbcd.baselines import AdamResult, best_rate, train
from nnbcd.datasets import Dataset

__all__ = ["COLUMNS", "cells", "plan", "quick", "run_case"]

COLUMNS = (
    "case",
    "stored",
    "Adam",
    "ours",
    "points",
    "95 %: Adam s",
    "ours s",
    "99 %: Adam s",
    "ours s",
)
RATES = (1e-3, 3e-3)
Row = dict[str, Any]


def plan(options: argparse.Namespace) -> Sequence[Comparison]:
    """The cases asked for; ``--quick``: digits, and shorter runs."""
    cases = selected(COMPARISONS, options)
    if options.quick:
        cases = [replace(case, sweeps=10, epochs=20) for case in cases]
    return cases


def run_case(case: Comparison, options: argparse.Namespace) -> Row:
    """Train ``case`` both ways from every seed and compare.

    Adam's learning rate is the better of two, by its accuracy on a tenth
    of the training part that it does not see; then it trains on all of it.
    Ours has no setting that is chosen for a row.

    Parameters
    ----------
    case : Comparison
    options : Namespace
        ``seeds`` and ``device``.

    Raises
    ------
    FileNotFoundError
        If the data are not at hand.
    """
    data = load(case.data, case.rows)
    origin = provenance(options.device)
    ours = [_ours(case, data, seed, options) for seed in options.seeds]
    lines = []
    for support in case.supports:
        lr, tried = _best_rate(case, data, support, options)
        adam = [
            _adam(case, data, support, lr, seed, options)
            for seed in options.seeds
        ]
        line = {"support": support, "lr": lr, "tried": tried, "runs": adam}
        lines.append(line | compare(adam, ours, case.network.parameters))
    return {
        "name": case.name,
        "data": case.data,
        "rows": len(data.x_train),
        "network": repr(case.network),
        "parameters": case.network.parameters,
        "dense_parameters": case.network.dense_parameters,
        "loss": case.loss.name,
        "coupling": asdict(Solver().method),
        "schedule": None if case.schedule is None else asdict(case.schedule),
        "ours": ours,
        "adam": lines,
        "provenance": origin,
    }


def _ours(
    case: Comparison, data: Dataset, seed: int, options: argparse.Namespace
) -> Row:
    solver = Solver(
        schedule=case.schedule,
        sweeps=case.sweeps,
        loss=case.loss,
        dtype="float32",
        device=options.device,
        certify=False,
    )
    result = solver.fit(
        case.network,
        data.x_train,
        data.y_train,
        validation=(data.x_test, data.y_test),
        seed=seed,
    )
    sweeps = result.history.sweeps
    print(f"  {case.name} seed {seed}: {result}", file=sys.stderr)
    return {
        "seed": seed,
        "seconds": np.cumsum([s.seconds for s in sweeps]).tolist(),
        "accuracy": [s.validation_accuracy for s in sweeps],
        "stored": [_stored(case, s.sweep) for s in sweeps],
        "objective_increases": result.history.objective_increases,
    }


def _stored(case: Comparison, sweep: int) -> int:
    """Numbers stored after ``sweep``: more while the sets still tighten."""
    if case.schedule is None:
        return case.network.parameters
    return case.schedule.network(case.network, sweep).parameters


def _adam(
    case: Comparison,
    data: Dataset,
    support: str,
    lr: float,
    seed: int,
    options: argparse.Namespace,
) -> Row:
    result: AdamResult = train(
        case.network,
        data.x_train,
        data.y_train,
        validation=(data.x_test, data.y_test),
        lr=lr,
        epochs=case.epochs,
        seed=seed,
        support=support,
        device=options.device,
    )
    print(
        f"  Adam ({support}) seed {seed}: {result.accuracy:.4f} in "
        f"{result.records[-1].seconds:.1f} s",
        file=sys.stderr,
    )
    return {
        "seed": seed,
        "seconds": [r.seconds for r in result.records],
        "accuracy": [r.accuracy for r in result.records],
        "stored": [r.stored for r in result.records],
    }


def _best_rate(
    case: Comparison, data: Dataset, support: str, options: argparse.Namespace
) -> tuple[float, list[dict[str, float]]]:
    """The learning rate of best accuracy on rows held out of training."""
    search = best_rate(
        case.network,
        data.x_train,
        data.y_train,
        rates=RATES,
        epochs=case.epochs,
        seed=options.seeds[0],
        support=support,
        device=options.device,
    )
    pairs = zip(search.rates, search.held_out, strict=True)
    return search.lr, [{"lr": lr, "held_out": a} for lr, a in pairs]


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for each treatment by Adam."""
    lines = []
    for line in row["adam"]:
        name = row["name"]
        if len(row["adam"]) > 1:
            name += f", {line['support']}"
        times = [
            "never" if seconds is None else f"{seconds:.1f}"
            for level in LEVELS
            for seconds in line[f"seconds_to_{round(100 * level)}"].values()
        ]
        ends = line["accuracy"]
        lines.append(
            [
                name,
                f"{row['parameters']:,}",
                f"{ends['adam']:.4f}",
                f"{ends['ours']:.4f}",
                f"{100 * line['difference']:+.2f}",
                *times,
            ]
        )
    return lines
