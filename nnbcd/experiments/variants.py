"""Arms made of another arm: other G steps, the authors' own start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.experiments.experiment import Arm, Descent, Experiment
from nnbcd.experiments.released import Released, channels_last
from nnbcd.experiments.starts import Start

__all__ = ["RELEASED", "g_steps", "released"]

RELEASED = "-released"  # ends the name of an arm from the authors' start
LONGEST = 100  # sweeps of a variant that the paper does not have


def g_steps(arm: Descent) -> tuple[Descent, Descent, Descent]:
    """The arm with the G step of the released code, and with ours.

    Parameters
    ----------
    arm : Descent
        Its solver has ``g_step="svd"``. The others are asked for by name
        in a quick run: ``<arm>-guarded`` and ``<arm>-als``.
    """
    guarded, als = (
        replace(
            arm,
            name=f"{arm.name}-{step}",
            label=f"paper, {step} G step",
            quick=0,
            full=min(arm.full, LONGEST),
            solver=replace(arm.solver, g_step=step),
        )
        for step in ("guarded", "als")
    )
    return arm, guarded, als


def released(
    experiment: Experiment,
    start: Released,
    load: Callable[[], tuple[Dataset, str]] | None = None,
) -> Experiment:
    """The experiment from the authors' own start.

    Parameters
    ----------
    experiment : Experiment
        Its arms with ``g_step="svd"`` are kept, their names end in
        ``-released``.
    start : Released
        Of an arm that has no start of its own; else the scheme and the
        factor are the arm's.
    load : callable, optional
        Gives the authors' rows, where they are others.
    """

    def arms(data: Dataset) -> Sequence[Arm]:
        return [
            replace(
                arm,
                name=arm.name + RELEASED,
                network=channels_last(arm.network),
                start=_theirs(start, arm.start),
            )
            for arm in experiment.arms(data)
            if isinstance(arm, Descent) and arm.solver.g_step == "svd"
        ]

    return replace(
        experiment, load=load or experiment.load, arms=arms, released=None
    )


def _theirs(start: Released, own: Start | None) -> Released:
    if own is None:
        return start
    return replace(
        start, scheme=own.scheme, factor=own.factor, first=own.first
    )
