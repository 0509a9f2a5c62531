"""Data sets: embedded, published, or your own.

``digits`` is embedded. The others are looked for in the folder that the
environment variable ``NNBCD_DATA`` names, then in the cache (the platform's
own, or ``NNBCD_CACHE``); ``mnist``, ``fashion_mnist`` and ``har`` are
downloaded otherwise and checked, ``flares`` and ``sharp`` must be put there.
"""

from collections.abc import Callable
from functools import partial

from nnbcd.datasets.archive import from_npz
from nnbcd.datasets.dataset import Dataset
from nnbcd.datasets.digits import digits
from nnbcd.datasets.fashion_mnist import fashion_mnist
from nnbcd.datasets.flares import flares
from nnbcd.datasets.har import har
from nnbcd.datasets.mnist import mnist
from nnbcd.datasets.sharp import sharp

__all__ = [
    "NAMES",
    "Dataset",
    "digits",
    "fashion_mnist",
    "flares",
    "from_npz",
    "har",
    "load",
    "mnist",
    "sharp",
]

_BY_NAME: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "har": har,
    "har_released": partial(har, "released"),
    "flares": flares,
    "sharp": sharp,
}

NAMES = tuple(_BY_NAME)


def load(name: str) -> Dataset:
    """The data set called ``name``, or the .npz file at that path.

    Parameters
    ----------
    name : str
        digits, mnist, fashion_mnist, har, har_released, flares, sharp, or
        a path ending in ``.npz``.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists those that exist.
    FileNotFoundError
        If the files cannot be had; the message says where to put them.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]()
    if name.endswith(".npz"):
        return from_npz(name)
    known = ", ".join(_BY_NAME)
    msg = f"data must be {known} or the path of an .npz file, not {name!r}."
    raise ValueError(msg)
