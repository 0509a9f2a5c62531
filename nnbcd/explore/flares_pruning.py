"""Stored runs on solar flares, in a world with as many flares as you say.

The runs are those of ``stored("lenet-flares")``. The table beside this module
holds what the benchmarks measured on MNIST with the same network;
``python -m nnbcd.explore.flares_pruning`` collects it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nnbcd.experiments import RunRecord, stored
from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, write_table
from nnbcd.explore.marks import Colour, Line, Mark, Points, Rule
from nnbcd.explore.picture import Panel, Picture

__all__ = ["QUIET", "SHARES", "draw", "flares_pruning_explorer", "recalls"]

QUIET = 1520 / 2280  # of the test rows of SHARP: no large flare
SHARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MEASURES = ("accuracy", "balanced accuracy")
AXES = ("numbers stored", "effective zeros", "seconds")
# arm, its name, colour, marker
LOOKS: tuple[tuple[str, str, Colour, Any], ...] = (
    ("adam-dense", "Adam, dense", "grey", "plus"),
    ("one-shot", "one-shot", "vermillion", "cross"),
    ("retrained", "retrained", "orange", "square"),
    ("adam", "Adam, fixed support", "purple", "plus"),
    ("penalty", "NN-BCD, paper", "green", "square"),
    ("consistent", "NN-BCD, default", "blue", "dot"),
    ("gradual", "NN-BCD, gradual", "sky", "ring"),
)


def recalls(record: RunRecord) -> tuple[float, float]:
    """Share of the quiet rows, and of the flares, that a run gets right.

    Parameters
    ----------
    record : RunRecord
        Of ``lenet-flares`` on SHARP.
    """
    accuracy = record.result["accuracy"]
    balanced = record.result["balanced_accuracy"]
    quiet = (accuracy - 2 * (1 - QUIET) * balanced) / (2 * QUIET - 1)
    return quiet, 2 * balanced - quiet


def draw(share: float, measure: str, axis: str) -> Picture:
    """All runs at one share of quiet rows.

    Parameters
    ----------
    share : float
        One of ``SHARES``.
    measure, axis : str
        One of ``MEASURES`` and of ``AXES``.
    """
    weight = share if measure == MEASURES[0] else 0.5
    heights: dict[str, list[float]] = {}
    left: list[Mark] = []
    right: list[Mark] = []
    for arm, label, colour, marker in LOOKS:
        runs = _runs(arm)
        pairs = [recalls(r) for r in runs]
        heights[label] = [weight * q + (1 - weight) * f for q, f in pairs]
        x, y = [p[0] for p in pairs], [p[1] for p in pairs]
        left.append(
            Points(x, y, marker=marker, colour=colour, label=label, size=5)
        )
        right.append(
            Points(
                [_along(r, axis) for r in runs],
                heights[label],
                marker=marker,
                colour=colour,
                label=label,
                size=5,
            )
        )
    floor = max(weight, 1 - weight)
    # Where accuracy is that of the constant answer "quiet".
    ends = (1 - (1 - weight) / weight, 1.0)
    left.append(
        Line(ends, (1.0, 0.0), colour="ink", dash="dashed", width=1.5)
    )
    right.append(Rule(floor, colour="ink", dash="dashed"))
    flat = [h for group in heights.values() for h in group]
    beaten = sum(h < floor for h in flat)
    best = max(heights, key=lambda label: _middle(heights[label]))
    caption = (
        f"{share:.0%} of the rows are quiet. To say always quiet has "
        f"{measure} {floor:.2f}; {beaten} of {len(flat)} runs have less. "
        f"Best median: {best}, {_middle(heights[best]):.3f}."
    )
    panels = (
        Panel(
            marks=tuple(left),
            title="What is right",
            x_label="recall of quiet rows",
            y_label="recall of flares",
            x_limits=(0.3, 1.0),
            y_limits=(0.3, 1.0),
            alt="Runs by their two recalls; a line for the constant answer",
        ),
        Panel(
            marks=tuple(right),
            title=f"{measure.capitalize()} and cost",
            x_label=axis,
            y_label=measure,
            x_limits=_limits(axis),
            x_log=axis != AXES[1],
            y_limits=(0.4, 1.0),
            alt=f"Runs by {axis} and {measure}",
        ),
    )
    reached = measure == MEASURES[0] and beaten == len(flat)
    return Picture(panels, caption, reached)


def flares_pruning_explorer() -> GridExplorer:
    """Explorer of stored runs: accuracy when flares become rare.

    Choose the share of quiet rows, what is measured, and what it costs.
    """
    return GridExplorer(
        title="Pruned networks in a quieter world",
        goal=(
            "Find a world in which saying always quiet is more accurate than "
            "every run."
        ),
        legend=(
            "One point a seed. Below the dashed line a run is worse than the "
            "constant answer."
        ),
        controls=(
            Stops("share", "share of quiet rows", SHARES, 0.5),
            Choice("measure", "measure", MEASURES, MEASURES[0]),
            Choice("axis", "cost", AXES, AXES[0]),
        ),
        draw=draw,
        play="share",
    )


@cache
def _runs(arm: str) -> tuple[RunRecord, ...]:
    return tuple(r for r in stored("lenet-flares") if r.arm == arm)


def _along(record: RunRecord, axis: str) -> float:
    if axis == AXES[0]:
        return float(record.result["parameters"])
    if axis == AXES[1]:
        return float(record.result["effective_sparsity"])
    return float(record.result["seconds"])


@cache
def _limits(axis: str) -> tuple[float, float]:
    if axis == AXES[1]:
        return -0.05, 1.05
    found = [_along(r, axis) for arm, *_ in LOOKS for r in _runs(arm)]
    return 0.7 * min(found), 1.4 * max(found)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def compute() -> dict[str, Any]:
    """What the benchmarks of the repository say of MNIST, row by row."""
    results = Path(__file__).parents[2] / "benchmarks" / "results"

    def rows(name: str) -> list[Any]:
        text = (results / f"{name}.json").read_text("utf-8")
        found: list[Any] = json.loads(text)["rows"]
        return [r for r in found if r["name"].startswith("mnist")]

    table = {}
    targets = [
        row
        for row in rows("targets")
        if "pruned" in row["name"] or "dense" in row["name"]
    ]
    # Runs of several lengths: all are read at the end of the shortest.
    sweeps = min(
        len(run["test_accuracy"]) for row in targets for run in row["runs"]
    )
    for row in targets:
        runs = row["runs"]
        curves = [r["test_accuracy"][:sweeps] for r in runs]
        table[f"{row['name']} | default"] = _entry(row, curves, runs)
    for row in rows("adam"):
        pruned = "pruned" in row["name"]
        if not (pruned or "dense" in row["name"]):
            continue
        curves = [r["accuracy"] for r in row["ours"]]
        table[f"{row['name']} | default"] = _entry(row, curves, row["ours"])
        for adam in row["adam"]:
            kind = f", {adam['support']} support" if pruned else ""
            key = f"{row['name']} | Adam{kind}"
            curves = [r["accuracy"] for r in adam["runs"]]
            table[key] = _entry(row, curves, adam["runs"])
    return table


def _entry(row: Any, curves: list[Any], runs: list[Any]) -> dict[str, Any]:
    return {
        "rows": row["rows"],
        "accuracy": [curve[-1] for curve in curves],
        "passes": len(curves[0]),
        "seeds": [run["seed"] for run in runs],
        "stored": row["parameters"],
        "dense": row["dense_parameters"],
        "commit": row["provenance"]["commit"][:7],
        "changed_since": row["provenance"]["changed_since"],
    }


if __name__ == "__main__":
    write_table(__file__, compute())
