"""What a data set is: checked arrays with a name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "checked"]


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

    def scaled(self, factor: float) -> Dataset:
        """The same with X times ``factor``: another unit.

        Raises
        ------
        ValueError
            If the factor is 0 or not finite.
        """
        if not np.isfinite(factor) or factor == 0:
            msg = f"input-scale must be finite and not 0, got {factor}."
            raise ValueError(msg)
        return replace(
            self, x_train=factor * self.x_train, x_test=factor * self.x_test
        )


def checked(
    name: str,
    x_train: NDArray[np.generic],
    y_train: NDArray[np.generic],
    x_test: NDArray[np.generic],
    y_test: NDArray[np.generic],
) -> Dataset:
    """A Dataset from raw arrays, or a ValueError that names the array.

    Parameters
    ----------
    name : str
        Of the data set.
    x_train, x_test : ndarray
        Finite numbers, (N, ...) and (M, ...), flattened to rows.
    y_train, y_test : ndarray
        Integer labels, (N,) and (M,).
    """
    for part, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if x.dtype.kind not in "biuf" or x.ndim < 2 or not len(x):
            msg = f"data: x_{part} must be numbers of shape (N, d), N >= 1."
            raise ValueError(msg)
        if y.dtype.kind not in "biu" or y.ndim != 1:
            msg = f"data: y_{part} must be integer labels of shape (N,)."
            raise ValueError(msg)
        if len(x) != len(y):
            msg = (
                f"data: x_{part} has {len(x)} rows, but y_{part} has "
                f"{len(y)} labels."
            )
            raise ValueError(msg)
        bad = int((~np.isfinite(x)).reshape(len(x), -1).any(1).sum())
        if bad:
            msg = f"data: x_{part} has NaN or infinity in {bad} rows."
            raise ValueError(msg)
    if x_train[0].size != x_test[0].size:
        msg = (
            f"data: x_train has {x_train[0].size} features, but x_test has "
            f"{x_test[0].size}."
        )
        raise ValueError(msg)
    rows = [
        np.asarray(x, np.float64).reshape(len(x), -1)
        for x in (x_train, x_test)
    ]
    labels = [np.asarray(y, np.int64) for y in (y_train, y_test)]
    return Dataset(name, rows[0], labels[0], rows[1], labels[1])
