"""A regressor for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.utils.validation import column_or_1d
from torch import nn

from nnbcd.estimator.base import Base, moments, validated
from nnbcd.estimator.rows import Array, canonical
from nnbcd.losses import Squared

__all__ = ["NNBCDRegressor"]


class NNBCDRegressor(RegressorMixin, Base):  # type: ignore[misc]
    """Fit numbers by a compressed network, trained without gradients.

    Squared loss. With ``standardise`` the targets are brought to mean 0 and
    deviation 1 as well, and predictions are put back.

    Parameters
    ----------
    hidden, structure, ratio, activation, coupling, sweeps, standardise, \
    warm_start, random_state
        As in :class:`NNBCDClassifier`.

    Attributes
    ----------
    n_features_in_, result_, history_, n_iter_, loss_
        As in :class:`NNBCDClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> model = NNBCDRegressor(random_state=0).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.9
    True
    """

    # Any: scikit-learn wants no check before fit.
    def __init__(
        self,
        hidden: Any = (100,),
        structure: Any = None,
        *,
        ratio: Any = None,
        activation: Any = "relu",
        coupling: Any = "consistent",
        sweeps: Any = 30,
        standardise: Any = True,
        warm_start: Any = False,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.structure = structure
        self.ratio = ratio
        self.activation = activation
        self.coupling = coupling
        self.sweeps = sweeps
        self.standardise = standardise
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None
    ) -> NNBCDRegressor:
        """Train on rows and targets.

        Parameters
        ----------
        X : array_like
            Shape (N, d).
        y : array_like
            Shape (N,) or (N, k).
        sample_weight : array_like, optional
            Shape (N,), not negative.
        """
        x, targets = validated(
            self,
            X=X,
            y=y,
            dtype=np.float64,
            multi_output=True,
            y_numeric=True,
        )
        self._vector = targets.ndim == 1
        if targets.ndim == 2 and targets.shape[1] == 1:
            targets = column_or_1d(targets, warn=True)
            self._vector = True
        weights = self._weights(sample_weight, x)
        columns = targets.astype(np.float64).reshape(len(targets), -1)
        x, columns, weights = canonical(x, columns, weights)
        self._y_centre, self._y_scale = moments(
            columns, weights, self.standardise
        )
        scaled = (columns - self._y_centre) / self._y_scale
        outputs = scaled.shape[1]
        self._run(x, scaled, weights, loss=Squared(), outputs=outputs)
        return self

    def predict(self, X: Any) -> Array:
        """Predictions, shape (N,) or (N, k) as the targets were.

        Parameters
        ----------
        X : array_like
            Shape (N, d).
        """
        out: Array = self._outputs(X) * self._y_scale + self._y_centre
        return out[:, 0] if self._vector else out

    def _ending(self, like: torch.Tensor) -> list[nn.Module]:
        """A diagonal layer that puts the predictions back."""
        k = len(self._y_centre)
        last = nn.Linear(k, k).to(like)
        with torch.no_grad():
            last.weight.copy_(torch.diag(torch.tensor(self._y_scale)))
            assert last.bias is not None
            last.bias.copy_(torch.tensor(self._y_centre))
        return [last]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _more_tags(self) -> dict[str, bool]:
        return {"multioutput": True}  # scikit-learn before 1.6
