"""Two trainings side by side: accuracy at the end, time to get near it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from statistics import median
from typing import Any

__all__ = ["LEVELS", "compare"]

LEVELS = (0.95, 0.99)  # shares of Adam's final accuracy
Row = dict[str, Any]


def compare(
    adam: Sequence[Row], ours: Sequence[Row], allowed: int
) -> dict[str, Any]:
    """Accuracy at the end, and time to a share of Adam's; medians.

    Parameters
    ----------
    adam, ours : sequence of dict
        Runs with ``seconds``, ``accuracy`` and ``stored``, one number an
        evaluation.
    allowed : int
        Numbers the network may store: an evaluation with more does not
        count, as it is not yet of the compressed network.
    """
    ends = {
        name: median(run["accuracy"][-1] for run in runs)
        for name, runs in (("adam", adam), ("ours", ours))
    }
    out: dict[str, Any] = {
        "accuracy": ends,
        "difference": ends["ours"] - ends["adam"],
    }
    for level in LEVELS:
        goal = level * ends["adam"]
        out[f"seconds_to_{round(100 * level)}"] = {
            name: _finite(
                median(_seconds_to(goal, run, allowed) for run in runs)
            )
            for name, runs in (("adam", adam), ("ours", ours))
        }
    return out


def _seconds_to(goal: float, run: Row, allowed: int) -> float:
    columns = (run["seconds"], run["accuracy"], run["stored"])
    for seconds, accuracy, stored in zip(*columns, strict=True):
        if accuracy >= goal and stored <= allowed:
            return float(seconds)
    return inf


def _finite(seconds: float) -> float | None:
    """JSON knows no infinity: None says never."""
    return seconds if isfinite(seconds) else None
