"""Your own data: a NumPy archive of four arrays."""

from __future__ import annotations

from pathlib import Path

from nnbcd.archives import DamagedArchiveError, read_npz
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
        found = read_npz(path)
    except DamagedArchiveError:
        msg = f"data: {path.name} is not an .npz archive of plain arrays."
        raise ValueError(msg) from None
    missing = [name for name in names if name not in found]
    if missing:
        msg = f"data: {path.name} lacks an array: {missing[0]}."
        raise ValueError(msg)
    arrays = [found[name] for name in names]
    return checked(path.stem, *arrays)
