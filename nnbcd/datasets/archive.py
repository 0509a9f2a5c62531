"""Your own data: a NumPy archive of four arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from nnbcd.datasets.dataset import Dataset, checked

__all__ = ["from_npz"]


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
    return checked(path.stem, *arrays)
