"""A browser of the stored runs on human activities, every seed a curve."""

from __future__ import annotations

from functools import cache
from statistics import median

from nnbcd.experiments.record import RunRecord, stored
from nnbcd.explore.controls import Choice
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Line, Mark
from nnbcd.explore.picture import Panel, Picture

__all__ = ["har_explorer", "runs"]

AXES = {"seconds": "seconds of training", "steps": "sweeps or epochs"}
EXPERIMENTS = ("har-4", "hyperparameters", "inits")


def runs(experiment: str) -> list[RunRecord]:
    """The stored runs of an experiment; none if it was not run yet."""
    try:
        return stored(experiment)
    except FileNotFoundError:
        return []


@cache
def _arms() -> dict[str, tuple[RunRecord, ...]]:
    """Label to records, one a seed."""
    out: dict[str, tuple[RunRecord, ...]] = {}
    for experiment in EXPERIMENTS:
        for record in runs(experiment):
            label = f"{experiment}: {record.settings['label']}"
            out[label] = (*out.get(label, ()), record)
    return out


def draw(arm: str, axis: str) -> Picture:
    """Accuracy on training and test rows, all seeds.

    Parameters
    ----------
    arm : str
        Experiment and label.
    axis : str
        A key of ``AXES``.
    """
    records = _arms()[arm]
    marks: list[Mark] = []
    for k, record in enumerate(records):
        x = record.curve["seconds" if axis == "seconds" else "sweep"]
        for name, colour in (("train", "vermillion"), ("test", "blue")):
            y = record.curve[name]
            if any(value is None for value in y):
                continue
            marks.append(
                Line(
                    x,
                    y,
                    colour=colour,  # type: ignore[arg-type]
                    label=name * (k == 0),
                )
            )
    longest = 600.0 if axis == "seconds" else 100.0
    panel = Panel(
        marks=tuple(marks),
        title="Accuracy",
        x_label=AXES[axis],
        x_log=True,
        x_limits=(1.0, longest),
        y_limits=(0.0, 1.0),
        alt="Curves of accuracy, one a seed.",
    )
    share = records[0].result["parameters"]
    share /= records[0].result["dense_parameters"]
    test = median(r.result["accuracy"] for r in records)
    rises = sum(r.result["objective_rises"] for r in records)
    seeds = ", ".join(str(r.seed) for r in records)
    caption = (
        f"Seeds {seeds}: test {test:.3f} after "
        f"{records[0].result['sweeps']} {records[0].settings['unit']}, "
        f"{100 * share:.0f} % of the dense numbers, loss or objective rose "
        f"{rises} times."
    )
    return Picture(
        (panel,), caption, test >= 0.875 and share < 0.2 and rises == 0
    )


def har_explorer() -> GridExplorer:
    """Every stored run on human activities.

    Returns
    -------
    GridExplorer
    """
    arms = tuple(_arms())
    start = next(arm for arm in arms if "paper" in arm)
    return GridExplorer(
        title="Runs on human activities",
        goal=(
            "Find a run that stores less than a fifth of the numbers, ends "
            "at 0.875 or more on the test rows, and whose loss never rose."
        ),
        legend=(
            "UCI HAR with recomputed features. Adam's records hold no "
            "accuracy on the training rows."
        ),
        controls=(
            Choice("arm", "experiment and method", arms, start),
            Choice("axis", "against", tuple(AXES), "seconds"),
        ),
        draw=draw,
    )
