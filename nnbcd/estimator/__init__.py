"""Estimators for scikit-learn: use nnbcd in pipelines and searches.

>>> from nnbcd.estimator import NNBCDClassifier
>>> from sklearn.datasets import load_digits
>>> X, y = load_digits(return_X_y=True)
>>> model = NNBCDClassifier(sweeps=3, random_state=0).fit(X[:500], y[:500])
>>> model.score(X[500:], y[500:]) > 0.8
True
"""

from nnbcd.estimator.classifier import NNBCDClassifier
from nnbcd.estimator.regressor import NNBCDRegressor

__all__ = ["NNBCDClassifier", "NNBCDRegressor"]
