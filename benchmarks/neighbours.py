"""Compare with neighbouring methods: plain BCD, low rank by gradients."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from benchmarks.data import load
from benchmarks.neighbour_cases import CASES, Neighbours
from benchmarks.neighbour_methods import METHODS
from benchmarks.selection import one_seed as quick
from benchmarks.selection import selected
from benchmarks.store import provenance

__all__ = ["COLUMNS", "cells", "plan", "quick", "run_case"]

COLUMNS = (
    "case",
    "method",
    "stored",
    "test by seed",
    "median",
    "s",
    "processor s",
    "lr",
    "rises",
)
Row = dict[str, Any]


def plan(options: argparse.Namespace) -> Sequence[Neighbours]:
    """The cases asked for; ``--quick``: digits, and shorter runs."""
    cases = selected(CASES, options)
    if options.quick:
        cases = [
            replace(case, sweeps=10, epochs=20, plain_sweeps=20)
            for case in cases
        ]
    return cases


def run_case(case: Neighbours, options: argparse.Namespace) -> Row:
    """Train ``case`` by each of its methods, from every seed.

    Parameters
    ----------
    case : Neighbours
    options : Namespace
        ``seeds`` and ``device``.

    Raises
    ------
    FileNotFoundError
        If the data are not at hand.
    """
    data = load(case.data)
    origin = provenance(options.device)
    lines = []
    for name in case.methods:
        line = METHODS[name](case, data, options)
        line["method"] = name
        for key in ("accuracy", "seconds"):
            line[key] = median(run[key][-1] for run in line["runs"])
        used = [run["processor"] for run in line["runs"]]
        line["processor"] = None if None in used else median(used)
        print(
            f"  {case.name}, {name}: {line['accuracy']:.4f} in "
            f"{line['seconds']:.1f} s",
            file=sys.stderr,
        )
        lines.append(line)
    return {
        "name": case.name,
        "data": case.data,
        "rows": len(data.x_train),
        "network": repr(case.network),
        "parameters": case.network.parameters,
        "dense_parameters": case.network.dense_parameters,
        "methods": lines,
        "provenance": origin,
    }


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for every method of a row."""
    lines = []
    for k, line in enumerate(row["methods"]):
        runs = line["runs"]
        rises = [run.get("objective_increases") for run in runs]
        used = line["processor"]
        lines.append(
            [
                row["name"] if k == 0 else "",
                line["method"],
                f"{runs[0]['parameters']:,}",
                " ".join(f"{run['accuracy'][-1]:.3f}" for run in runs),
                f"{line['accuracy']:.4f}",
                f"{line['seconds']:.1f}",
                "" if used is None else f"{used:.1f}",
                f"{line['lr']:g}" if "lr" in line else "",
                "" if None in rises else str(sum(rises)),
            ]
        )
    return lines
