"""The targets that compare: with the plain sweep, with Adam."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import speed
from benchmarks.store import RESULTS, provenance

__all__ = ["RELATIVE", "Relative", "against_adam", "sweep_goals"]

PARITY = 0.005
Row = dict[str, Any]


@dataclass(frozen=True)
class Relative:
    """A target measured by another benchmark."""

    name: str
    data: str
    measure: Callable[[argparse.Namespace], Row]


def sweep_goals(row: Row) -> list[Row]:
    """What a row of the speed benchmark says about its two targets.

    Parameters
    ----------
    row : dict
        From :func:`benchmarks.speed.run_case`.
    """
    found = row["clocks"]["wall"]
    faster, above = found["plain_over_ours"], found["ours_over_ceiling"]
    seconds = {"measured_seconds": found["seconds"]["ours"]}
    return [
        {
            "target": "plain sweep / ours >= 2.0",
            "median": faster,
            "met": faster >= 2.0,
            **seconds,
        },
        {
            "target": "ours / ceiling <= 1.35",
            "median": above,
            "met": above <= 1.35,
            **seconds,
        },
    ]


def against_adam(rows: list[Row]) -> list[Row]:
    """One goal for every line of the comparison with Adam.

    Parameters
    ----------
    rows : list of dict
        From :func:`benchmarks.adam.run_case`.
    """
    return [
        {
            "target": f"{row['name']}, {line['support']}: "
            f">= {line['accuracy']['adam'] - PARITY:.4f}",
            "median": line["accuracy"]["ours"],
            "measured_seconds": row["ours"][0]["seconds"][-1],
            "objective_increases": sum(
                run["objective_increases"] for run in row["ours"]
            ),
            "met": line["difference"] >= -PARITY,
        }
        for row in rows
        for line in row["adam"]
    ]


def _sweep(options: argparse.Namespace) -> Row:
    (case,) = (case for case in speed.CASES if case.name == "har")
    settings = argparse.Namespace(**{**vars(options), "rounds": 7})
    row = speed.run_case(case, settings)
    return {**row, "name": "penalty-sweep", "goals": sweep_goals(row)}


def _adam(options: argparse.Namespace) -> Row:
    path = RESULTS / "adam.json"
    if not path.is_file():
        msg = "Run `python -m benchmarks adam` first: it takes long."
        raise FileNotFoundError(msg)
    rows = json.loads(path.read_text("utf-8"))["rows"]
    return {
        "name": "adam",
        "goals": against_adam(rows),
        "measured": [row["provenance"] for row in rows],
        "provenance": provenance(options.device),
    }


RELATIVE = (
    Relative("penalty-sweep", "har", _sweep),
    Relative("adam", "har", _adam),
)
