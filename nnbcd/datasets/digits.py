"""The embedded data set: no file and no network needed."""

from __future__ import annotations

import numpy as np

from nnbcd.datasets.dataset import Dataset

__all__ = ["digits"]


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
