"""Data sets. The embedded one needs no file and no network."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "digits", "from_npz", "load"]


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


def from_npz(path: str | Path) -> Dataset:
    """A data set from a NumPy archive of four arrays.

    Parameters
    ----------
    path : str or Path
        An ``.npz`` file with x_train (N, d), y_train (N,), x_test (M, d)
        and y_test (M,). Nothing in it is executed (no pickle).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such archive, an array is missing or shapes disagree.
    """
    path = Path(path)
    if not path.is_file():
        msg = f"data: there is no file {path}."
        raise FileNotFoundError(msg)
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in names]
    except KeyError as error:
        msg = f"data: {path.name} lacks an array: {error.args[0]}."
        raise ValueError(msg) from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, TypeError):
        msg = f"data: {path.name} is not an .npz archive of plain arrays."
        raise ValueError(msg) from None
    return _checked(path.stem, *arrays)


def load(name: str) -> Dataset:
    """The data set called ``name``: digits, or the path of an .npz file.

    Parameters
    ----------
    name : str
        A known name, or a path ending in ``.npz``.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists those that exist.
    """
    if name == "digits":
        return digits()
    if name.endswith(".npz"):
        return from_npz(name)
    msg = f"data must be digits or the path of an .npz file, not {name!r}."
    raise ValueError(msg)


def _checked(
    name: str,
    x_train: NDArray[np.generic],
    y_train: NDArray[np.generic],
    x_test: NDArray[np.generic],
    y_test: NDArray[np.generic],
) -> Dataset:
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
