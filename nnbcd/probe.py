"""Accuracies while a run goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nnbcd._typing import Tensor
from nnbcd.history import SweepRecord
from nnbcd.inputs import as_features, as_tensor
from nnbcd.labels import codes
from nnbcd.problem import Problem
from nnbcd.result import forward
from nnbcd.state import State

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Pair", "Probe"]

Pair = tuple["ArrayLike | Tensor", "ArrayLike | Tensor"]


class Probe:
    """Puts the accuracies of the compressed network in a sweep's record.

    Parameters
    ----------
    problem : Problem
        The training rows, (N, d_0), and their labels.
    validation : (X, y) or None
        Shapes (M, d_0) and (M,); None: nothing is computed.

    Raises
    ------
    ValueError
        If validation holds no labels, one a row.
    """

    def __init__(self, problem: Problem, validation: Pair | None) -> None:
        self.problem = problem
        self.test: tuple[Tensor, Tensor] | None = None
        if validation is None or problem.classes is None:
            return
        x, y = _pair(validation)
        rows = as_features(
            x,
            problem.x.shape[1],
            dtype=problem.x.dtype,
            device=problem.x.device,
            name="validation: X",
        )
        if problem.names is not None:
            y = codes(y, problem.names)
        self.test = rows, as_tensor("validation: y", y).to(rows.device)
        if self.test[1].shape != rows.shape[:1]:
            msg = (
                "validation: y must be a vector with one label a row of X, "
                f"got shape {tuple(self.test[1].shape)} for {len(rows)} rows."
            )
            raise ValueError(msg)

    def __call__(self, record: SweepRecord, state: State) -> SweepRecord:
        """The record with both accuracies, for classification."""
        if self.test is None:
            return record
        return replace(
            record,
            train_accuracy=self._train(state),
            validation_accuracy=self._score(state, *self.test),
        )

    def _train(self, state: State) -> float:
        problem = self.problem

        def rows(part: Problem) -> tuple[Tensor, ...]:
            best = forward(part.network, state, part.x).argmax(1)
            return ((best == part.y.argmax(1)).double().sum(),)

        (right,) = problem.rows.total(rows, problem)
        return float(right) / problem.samples

    def _score(self, state: State, x: Tensor, y: Tensor) -> float:
        assert self.problem.classes is not None
        right = 0
        for part in self.problem.rows.slices(len(x)):
            best = forward(self.problem.network, state, x[part]).argmax(1)
            right += int((self.problem.classes[best] == y[part]).sum())
        return right / len(x)


def _pair(validation: Any) -> Pair:
    if isinstance(validation, list | tuple) and len(validation) == 2:
        return validation[0], validation[1]
    kind = type(validation).__name__
    msg = f"validation must be a pair (X, y), got a {kind}."
    raise TypeError(msg)
