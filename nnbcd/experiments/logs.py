"""The authors' logs: what their notebooks printed, sweep by sweep.

Sixty sweeps of each run, close together at its start, from the outputs
stored in the notebooks released with Li et al., arXiv:2303.06815. One run
each, seed 10, on their GPU. Of the flares the accuracies are balanced; of
the grids five sweeps are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Log", "logs"]


@dataclass(frozen=True)
class Log:
    """One run of the authors.

    Parameters
    ----------
    sweeps : int
        How many they made, or how many the output shows.
    seconds : float
        Median time of a sweep, on their GPU.
    rises : int
        Sweeps after which their objective was higher than before.
    best_test : float
        Highest test accuracy of any sweep.
    sweep : list of int
        Those kept here.
    objective : list of float
        After each of them. Theirs has gamma/2 on the squared loss where
        the lifted objective has 1/2.
    train, test : list of float
        Accuracies after each of them, balanced for the flares.
    """

    sweeps: int
    seconds: float
    rises: int
    best_test: float
    sweep: list[int]
    objective: list[float]
    train: list[float]
    test: list[float]

    def at(self, sweep: int) -> tuple[int, float, float, float] | None:
        """The last kept sweep up to ``sweep``: it, objective, train, test."""
        known = [k for k, n in enumerate(self.sweep) if n <= sweep]
        if not known:
            return None
        k = known[-1]
        return self.sweep[k], self.objective[k], self.train[k], self.test[k]


@cache
def logs(experiment: str) -> Mapping[str, Log]:
    """The logs of an experiment by arm; none if they are not known.

    Parameters
    ----------
    experiment : str
        As given to ``python -m nnbcd reproduce``.
    """
    text = Path(__file__).with_name("logs.json").read_text("utf-8")
    arms = json.loads(text).get(_SAME.get(experiment, experiment), {})
    found = {name: Log(**fields) for name, fields in arms.items()}
    if experiment in _SAME:  # one start of the eight
        name = _ARM[experiment]
        return {name: found[f"{name}-kaiming-normal"]}
    return found


# The paper's main run is the Kaiming normal one of its eight starts.
_SAME = {
    "har-4": "inits",
    "har-5": "har-5-inits",
    "lenet-flares": "flares-inits",
}
_ARM = {"har-4": "penalty", "har-5": "penalty", "lenet-flares": "released"}
