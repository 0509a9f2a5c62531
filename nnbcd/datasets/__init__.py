"""Data sets: embedded, from a folder, or your own."""

from collections.abc import Callable

from nnbcd.datasets.archive import from_npz
from nnbcd.datasets.dataset import Dataset
from nnbcd.datasets.digits import digits
from nnbcd.datasets.folder import har, mnist

__all__ = ["Dataset", "digits", "from_npz", "har", "load", "mnist"]

_BY_NAME: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "mnist": mnist,
    "har": har,
}


def load(name: str) -> Dataset:
    """The data set called ``name``, or the .npz file at that path.

    Parameters
    ----------
    name : str
        digits, mnist, har, or a path ending in ``.npz``.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists those that exist.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]()
    if name.endswith(".npz"):
        return from_npz(name)
    known = ", ".join(_BY_NAME)
    msg = f"data must be {known} or the path of an .npz file, not {name!r}."
    raise ValueError(msg)
