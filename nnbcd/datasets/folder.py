"""Data sets read from the folder that ``NNBCD_DATA`` names."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbcd.datasets.dataset import Dataset, checked

__all__ = ["har", "mnist"]


def mnist() -> Dataset:
    """MNIST: 60,000 + 10,000 images of 28 x 28, pixels in [0, 1].

    Reads the four original files (``train-images-idx3-ubyte.gz`` ...) from
    the folder ``mnist`` under ``NNBCD_DATA``.

    Returns
    -------
    Dataset
        Rows of 784 features, ten classes.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where to put it.

    Notes
    -----
    LeCun, Bottou, Bengio and Haffner, Proceedings of the IEEE 86(11), 1998.
    """
    images = [
        _idx(f"mnist/{part}-images-idx3-ubyte.gz", 16) / 255.0
        for part in ("train", "t10k")
    ]
    labels = [
        _idx(f"mnist/{part}-labels-idx1-ubyte.gz", 8).astype(np.int64)
        for part in ("train", "t10k")
    ]
    rows = [image.reshape(-1, 784) for image in images]
    return checked("mnist", rows[0], labels[0], rows[1], labels[1])


def har() -> Dataset:
    """UCI HAR with its 561 features recomputed from the raw signals.

    Reads ``uci_har/features_recomputed.npz`` under ``NNBCD_DATA``. These
    are not the released features: say so wherever a result uses them.

    Returns
    -------
    Dataset
        7,352 training and 2,947 test rows in [-1, 1], labels 1 to 6.

    Raises
    ------
    FileNotFoundError
        If the file is missing; the message says where to put it.

    Notes
    -----
    Anguita, Ghio, Oneto, Parra and Reyes-Ortiz, ESANN 2013.
    """
    with np.load(
        _find("uci_har/features_recomputed.npz"), allow_pickle=False
    ) as archive:
        return checked(
            "har",
            archive["X_train"],
            archive["y_train"],
            archive["X_test"],
            archive["y_test"],
        )


def _find(name: str) -> Path:
    folder = os.environ.get("NNBCD_DATA")
    if not folder:
        msg = f"data: set NNBCD_DATA to the folder that holds {name}."
        raise FileNotFoundError(msg)
    path = Path(folder) / name
    if not path.is_file():
        msg = f"data: there is no {name} in the NNBCD_DATA folder {folder}."
        raise FileNotFoundError(msg)
    return path


def _idx(name: str, header: int) -> NDArray[np.uint8]:
    """Bytes of an IDX file without its header, one dimension."""
    with gzip.open(_find(name)) as stream:
        return np.frombuffer(stream.read(), np.uint8, offset=header)
