"""Measured pairs: ours and Adam on one network, one data set, three seeds.

The table beside this module is a compact copy of what ``python -m benchmarks
adam`` measured; ``python -m nnbcd.explore.beside_adam
benchmarks/results/adam.json`` writes it again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from math import inf, isfinite, sqrt
from pathlib import Path
from statistics import median
from typing import Any

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Line, Mark, Rule
from nnbcd.explore.picture import Panel, Picture

__all__ = [
    "METHODS",
    "beside_adam_explorer",
    "compact",
    "pairs",
    "seconds_to",
    "standard_error",
    "TEST_ROWS",
]

Pair = dict[str, Any]
Run = Mapping[str, Any]
METHODS = ("ours", "adam")
TEST_ROWS = {"digits": 397, "har": 2947, "mnist": 10_000}
LEVELS = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99)
AXES = {"seconds": "seconds of training", "passes": "passes over the rows"}


@cache
def pairs() -> dict[str, Pair]:
    """The measured pairs, by name: a case, and Adam's treatment of zeros.

    Returns
    -------
    dict
        Of each pair: ``data``, ``rows``, ``parameters``,
        ``dense_parameters``, ``lr``, ``provenance``, and under ``ours`` and
        ``adam`` the runs, one a seed, with ``seed``, ``seconds`` and
        ``accuracy`` after each pass, and ``first``, the first pass after
        which no more is stored than the structure allows.
    """
    table: dict[str, Pair] = read_table(__file__)
    return table


def standard_error(accuracy: float, rows: int) -> float:
    """Deviation of the share of right answers among independent rows.

    Parameters
    ----------
    accuracy : float
        The probability of a right answer, in [0, 1].
    rows : int
        How many are asked.

    Examples
    --------
    >>> standard_error(0.5, 100)
    0.05
    """
    return sqrt(accuracy * (1 - accuracy) / rows)


def seconds_to(run: Run, goal: float, axis: str = "seconds") -> float:
    """When a run first is as accurate as ``goal``; infinite if never.

    Parameters
    ----------
    run : mapping
        One of the runs of :func:`pairs`.
    goal : float
        Test accuracy. What is still too large does not count.
    axis : str
        ``seconds`` or ``passes``.
    """
    for k, accuracy in enumerate(run["accuracy"]):
        if k >= run["first"] and accuracy >= goal:
            passes = float(k + 1)
            return float(run["seconds"][k]) if axis == "seconds" else passes
    return inf


def draw(pair: str, level: float, axis: str) -> Picture:
    """The curves of three seeds, and who is there first.

    Parameters
    ----------
    pair : str
        A key of :func:`pairs`.
    level : float
        Test accuracy to reach, one of ``LEVELS``.
    axis : str
        A key of ``AXES``.
    """
    found = pairs()[pair]
    when = {
        name: median(seconds_to(run, level, axis) for run in found[name])
        for name in METHODS
    }
    reached = isfinite(when["ours"]) and not isfinite(when["adam"])
    return Picture(
        (_curves(found, level, axis),),
        _caption(found, level, axis, when),
        reached,
    )


def _curves(found: Pair, level: float, axis: str) -> Panel:
    marks: list[Mark] = [Rule(level, colour="ink", dash="dotted")]
    for name, colour in (("adam", "vermillion"), ("ours", "blue")):
        for k, run in enumerate(found[name]):
            passes = range(1, len(run["accuracy"]) + 1)
            marks.append(
                Line(
                    run["seconds"] if axis == "seconds" else list(passes),
                    run["accuracy"],
                    colour=colour,  # type: ignore[arg-type]
                    label=("Adam" if name == "adam" else "ours") * (k == 0),
                    width=1.6,
                )
            )
    times = [t for name in METHODS for r in found[name] for t in r["seconds"]]
    longest = max(len(r["accuracy"]) for n in METHODS for r in found[n])
    ends = (0.8 * min(times), 1.2 * max(times))
    return Panel(
        marks=tuple(marks),
        title="Test accuracy of three seeds",
        x_label=AXES[axis],
        x_log=True,
        x_limits=ends if axis == "seconds" else (0.9, 1.1 * longest),
        y_limits=(0.6, 1.0),
        alt="Rising curves of both methods, and a line at the level.",
    )


def _caption(
    found: Pair, level: float, axis: str, when: Mapping[str, float]
) -> str:
    said = []
    for name in METHODS:
        title = "Adam" if name == "adam" else "ours"
        end = median(run["accuracy"][-1] for run in found[name])
        time = f"after {when[name]:.3g} {axis}"
        if not isfinite(when[name]):
            time = "never"
        said.append(f"{title} is there {time} and ends at {end:.3f}")
    share = found["parameters"] / found["dense_parameters"]
    return (
        f"To {level:g}, medians: {', '.join(said)}. {found['rows']:,} rows, "
        f"{found['parameters']:,} numbers, {100 * share:.0f} % of dense; "
        f"Adam's rate {found['lr']:g}."
    )


def beside_adam_explorer() -> GridExplorer:
    """Accuracy against time or passes, both methods, three seeds.

    Returns
    -------
    GridExplorer
    """
    names = tuple(pairs())
    return GridExplorer(
        title="Ours beside Adam",
        goal=(
            "Find a pair and an accuracy that ours reaches and Adam, in its "
            "whole run, does not (by the medians over the seeds)."
        ),
        legend=(
            "Curves of what is still too large (gradual pruning under way) "
            "are drawn, and do not count."
        ),
        controls=(
            Choice("pair", "network, data and treatment", names, names[0]),
            Stops("level", "test accuracy to reach", LEVELS, 0.95),
            Choice("axis", "against", tuple(AXES), "seconds"),
        ),
        draw=draw,
    )


def compact(rows: list[dict[str, Any]]) -> dict[str, Pair]:
    """The rows of the benchmark, one entry a pair, fit for the package.

    Parameters
    ----------
    rows : list of dict
        As ``python -m benchmarks adam`` stores them.
    """
    out: dict[str, Pair] = {}
    kept = ("data", "rows", "parameters", "dense_parameters")
    where = ("commit", "date", "device", "cores", "threads", "load")
    for row in rows:
        allowed = row["parameters"]
        for line in row["adam"]:
            name = row["name"]
            if len(row["adam"]) > 1:
                name += f", {line['support']}"
            out[name] = {key: row[key] for key in kept} | {
                "lr": line["lr"],
                "rises": sum(r["objective_increases"] for r in row["ours"]),
                "provenance": {k: row["provenance"][k] for k in where},
                "ours": [_run(r, allowed) for r in row["ours"]],
                "adam": [_run(r, allowed) for r in line["runs"]],
            }
    return out


def _run(run: Run, allowed: int) -> dict[str, Any]:
    small = [stored <= allowed for stored in run["stored"]]
    return {
        "seed": run["seed"],
        "seconds": [float(f"{s:.3g}") for s in run["seconds"]],
        "accuracy": [round(a, 4) for a in run["accuracy"]],
        "first": small.index(True) if any(small) else len(small),
    }


if __name__ == "__main__":
    measured = json.loads(Path(sys.argv[1]).read_text("utf-8"))["rows"]
    write_table(__file__, compact(measured))
