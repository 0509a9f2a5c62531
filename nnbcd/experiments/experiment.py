"""What an experiment is: data, and arms that are trained on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nnbcd.datasets import Dataset
from nnbcd.experiments.arms import Arm, Baseline, Descent, Job, Trained

__all__ = ["Arm", "Baseline", "Descent", "Experiment", "Job", "Trained"]


@dataclass(frozen=True)
class Experiment:
    """Data and arms under one name.

    Parameters
    ----------
    name : str
        As given to ``reproduce``.
    title : str
        One line for the table.
    load : callable
        Gives the data set and a remark on it for record and table.
    arms : callable
        Gives the arms for a data set.
    metric : str
        ``accuracy`` or ``balanced_accuracy``: what the table shows.
    published : str or None
        Key of ``PUBLISHED`` in :mod:`nnbcd.experiments.published`.
    released : callable or None
        Gives the same experiment from the authors' own start.
    """

    name: str
    title: str
    load: Callable[[], tuple[Dataset, str]]
    arms: Callable[[Dataset], Sequence[Arm]]
    metric: str = "accuracy"
    published: str | None = None
    released: Callable[[], Experiment] | None = None

    def chosen(
        self, data: Dataset, names: Sequence[str] | None, *, quick: bool
    ) -> list[Arm]:
        """The arms asked for; by default those of this length.

        Parameters
        ----------
        data : Dataset
        names : sequence of str or None
        quick : bool

        Raises
        ------
        ValueError
            If a name is unknown; the message lists those that exist.
        """
        arms = {arm.name: arm for arm in self.arms(data)}
        if names is None:
            return [
                arm
                for arm in arms.values()
                if (arm.quick if quick else arm.full)
            ]
        for name in names:
            if name not in arms:
                known = ", ".join(arms)
                msg = f"arms of {self.name} are {known}, not {name!r}."
                raise ValueError(msg)
        return [arms[name] for name in names]
