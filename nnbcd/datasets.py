"""Data sets. The embedded one needs no file and no network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "digits"]


@dataclass(frozen=True)
class Dataset:
    """Training and test part of a classification set.

    Parameters
    ----------
    name : str
        What it is called.
    x_train, x_test : ndarray
        Features, float64, one row a sample: (N, d) and (M, d).
    y_train, y_test : ndarray
        Integer labels, (N,) and (M,).
    """

    name: str
    x_train: NDArray[np.float64] = field(repr=False)
    y_train: NDArray[np.int64] = field(repr=False)
    x_test: NDArray[np.float64] = field(repr=False)
    y_test: NDArray[np.int64] = field(repr=False)

    @property
    def features(self) -> int:
        """Numbers in a row."""
        return int(self.x_train.shape[1])

    @property
    def classes(self) -> int:
        """Different labels in the training part."""
        return len(np.unique(self.y_train))


def digits() -> Dataset:
    """Handwritten digits of 8 x 8 pixels, shipped with scikit-learn.

    Returns
    -------
    Dataset
        1,400 training and 397 test rows of 64 features in [0, 1], ten
        classes, shuffled once with a fixed seed.

    Notes
    -----
    Alpaydin and Kaynak, *Optical Recognition of Handwritten Digits*, UCI
    Machine Learning Repository, doi 10.24432/C50P49 (the test part).
    """
    from sklearn.datasets import load_digits

    raw = load_digits()
    order = np.random.default_rng(0).permutation(len(raw.target))
    x = np.asarray(raw.data, dtype=np.float64)[order] / 16.0
    y = np.asarray(raw.target, dtype=np.int64)[order]
    cut = 1400
    return Dataset("digits", x[:cut], y[:cut], x[cut:], y[cut:])
