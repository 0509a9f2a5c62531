"""A classifier for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from nnbcd.checks import choice
from nnbcd.estimator.base import Base, validated
from nnbcd.estimator.rows import Array, canonical
from nnbcd.losses import get_loss

__all__ = ["NNBCDClassifier"]


def _has_probabilities(estimator: NNBCDClassifier) -> bool:
    if estimator.loss == "cross-entropy":
        return True
    msg = (
        f"the outputs of the loss {estimator.loss!r} are no probabilities: "
        "use loss='cross-entropy', or decision_function."
    )
    raise AttributeError(msg)


class NNBCDClassifier(ClassifierMixin, Base):  # type: ignore[misc]
    """Classify by a compressed network, trained without gradients.

    Parameters
    ----------
    hidden : int or tuple of int
        Widths of the hidden layers.
    structure : Structure or None
        The set of the hidden weights, like ``nnbcd.Sparse(0.9)``.
    ratio : float or None
        Numbers stored over dense ones: sizes the structure.
    activation : str
        ``relu``, ``leaky-relu``, ...
    loss : str
        ``cross-entropy``, which gives probabilities, or ``squared``.
    coupling : str
        ``consistent``, ``constraint`` or ``penalty``.
    sweeps : int
        How many.
    standardise : bool
        Whether columns of X are brought to mean 0 and deviation 1.
    warm_start : bool
        Whether ``fit`` goes on from the last result.
    random_state : int, RandomState or None
        Of the initial weights.

    Attributes
    ----------
    classes_ : ndarray, shape (K,)
        The labels.
    n_features_in_ : int
        Columns of X; ``feature_names_in_`` has their names, if any.
    result_ : Result
        The trained network: sizes, certificate.
    history_ : History
        Every sweep.
    n_iter_ : int
        Sweeps made.
    loss_ : float
        The objective at the end.

    Notes
    -----
    ``sample_weight`` multiplies the loss of each row. Whole numbers (up to
    a common factor) give exactly the fit on repeated rows, with every
    coupling; other weights need the consistent one. The order of the rows
    does not matter.

    Examples
    --------
    >>> from nnbcd import Sparse
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = NNBCDClassifier((32,), Sparse(0.5), random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.95
    True
    """

    classes_: Array

    # Any: scikit-learn wants no check before fit.
    def __init__(
        self,
        hidden: Any = (100,),
        structure: Any = None,
        *,
        ratio: Any = None,
        activation: Any = "relu",
        loss: Any = "cross-entropy",
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
        self.loss = loss
        self.coupling = coupling
        self.sweeps = sweeps
        self.standardise = standardise
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None
    ) -> NNBCDClassifier:
        """Train on rows and labels.

        Parameters
        ----------
        X : array_like
            Shape (N, d).
        y : array_like
            Labels of any kind, shape (N,).
        sample_weight : array_like, optional
            Shape (N,), not negative.
        """
        choice("loss", self.loss, ("cross-entropy", "squared"))
        x, labels = validated(self, X=X, y=y, dtype=np.float64)
        check_classification_targets(labels)
        labels = column_or_1d(labels, warn=True)
        weights = self._weights(sample_weight, x)
        counted = labels if weights is None else labels[weights > 0]
        classes = np.unique(counted)
        if len(classes) < 2:
            msg = (
                f"y has 1 class, {classes[0]!r}: a classifier needs two "
                "classes at least."
            )
            raise ValueError(msg)
        if self.warm_start and hasattr(self, "classes_"):
            if not np.array_equal(classes, self.classes_):
                msg = (
                    "warm_start needs the classes of the last fit, "
                    f"{self.classes_!r}, got {classes!r}."
                )
                raise ValueError(msg)
        self.classes_ = classes
        if weights is not None:
            x, labels = x[weights > 0], labels[weights > 0]
            weights = weights[weights > 0]
        codes = np.searchsorted(classes, labels)
        self._run(
            *canonical(x, codes, weights),
            loss=get_loss(self.loss),
            outputs=len(classes),
        )
        return self

    def decision_function(self, X: Any) -> Array:
        """Outputs of the network; for two classes their difference.

        Parameters
        ----------
        X : array_like
            Shape (N, d).

        Returns
        -------
        ndarray
            Shape (N, K), or (N,) for two classes, positive for the second.
        """
        scores = self._outputs(X)
        if scores.shape[1] == 2:
            difference: Array = scores[:, 1] - scores[:, 0]
            return difference
        return scores

    def predict(self, X: Any) -> Array:
        """Labels, shape (N,).

        Parameters
        ----------
        X : array_like
            Shape (N, d).
        """
        scores = self._outputs(X)
        labels: Array = self.classes_[scores.argmax(1)]
        return labels

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """Softmax of the outputs, shape (N, K): what the loss was of.

        Parameters
        ----------
        X : array_like
            Shape (N, d).
        """
        probabilities: Array = softmax(self._outputs(X), axis=1)
        return probabilities
