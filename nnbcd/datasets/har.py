"""UCI HAR: what a person does, from the telephone at the waist."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbcd.archives import read_npz
from nnbcd.datasets.dataset import Dataset, checked
from nnbcd.datasets.fetch import cache_folder, local
from nnbcd.datasets.har_features import features as compute
from nnbcd.datasets.har_features import rescaled
from nnbcd.datasets.har_release import ROWS, Reader, labels, reader, table
from nnbcd.datasets.har_signals import Signal

__all__ = ["har"]

_NAMES = ("X_train", "y_train", "X_test", "y_test")
_KEPT = "uci_har/features_recomputed.npz"


def har(features: str = "recomputed") -> Dataset:
    """UCI HAR: 561 features of 2.56 seconds of movement, six activities.

    Parameters
    ----------
    features : {"recomputed", "released"}
        ``"recomputed"`` computes them from the raw signals, once: later
        calls read the result from the cache. They are not the numbers of
        the release (see :mod:`nnbcd.datasets.har_features`): say so
        wherever a result uses them. ``"released"`` reads ``X_train.txt``
        and ``X_test.txt``.

    Returns
    -------
    Dataset
        7,352 training and 2,947 test rows of 561 features in [-1, 1],
        labels 1 (walking) to 6 (laying). 21 people, then 9 others.

    Raises
    ------
    FileNotFoundError
        If the files cannot be had; the message says where to put them.
    ValueError
        If ``features`` is neither, or a file is damaged.

    Notes
    -----
    Looked for in the folder ``uci_har`` under ``NNBCD_DATA``:
    ``features_recomputed.npz``, or the files of the release in their
    folders, plain or compressed by xz. Otherwise the archive is downloaded
    (61 MB).

    Anguita, Ghio, Oneto, Parra and Reyes-Ortiz, *A Public Domain Dataset
    for Human Activity Recognition Using Smartphones*, ESANN 2013, doi
    10.24432/C54S4K. UCI gives CC BY 4.0; the release's own text asks for
    the citation and excludes commercial use.
    """
    if features not in ("recomputed", "released"):
        msg = f"features must be recomputed or released, not {features!r}."
        raise ValueError(msg)
    if features == "released":
        read = reader("train/X_train.txt")
        arrays = []
        for part in ROWS:
            name = f"{part}/X_{part}.txt"
            arrays += [table(read, name, part, 561), labels(read, part)]
        return checked("har_released", *arrays)
    given = local(_KEPT)
    if given is not None:
        found = _load(given)
        if found is None:
            msg = f"data: {given} is damaged or lacks {', '.join(_NAMES)}."
            raise ValueError(msg)
        return found
    kept = cache_folder() / _KEPT
    return _load(kept) or _recompute(kept)


def _load(path: Path) -> Dataset | None:
    """What is kept there, or None if it cannot be read."""
    try:
        arrays = read_npz(path)
        return checked("har", *(arrays[name] for name in _NAMES))
    except (OSError, KeyError, ValueError):
        return None


def _recompute(kept: Path) -> Dataset:
    read = reader("train/Inertial Signals/total_acc_x_train.txt")
    raw = np.concatenate([_raw(read, part) for part in ROWS])
    # Single precision, as the features are kept: the first call gives what
    # later ones do.
    x = rescaled(raw).astype(np.float32)
    cut = ROWS["train"]
    y_train, y_test = (labels(read, part) for part in ROWS)
    arrays = (x[:cut], y_train, x[cut:], y_test)
    _keep(kept, arrays)
    return checked("har", *arrays)


def _raw(read: Reader, part: str) -> Signal:
    """Features of a part; its windows overlap among themselves only."""
    signals = []
    for kind in ("total_acc", "body_acc", "body_gyro"):
        names = [
            f"{part}/Inertial Signals/{kind}_{axis}_{part}.txt"
            for axis in "xyz"
        ]
        axes = [table(read, name, part, 128) for name in names]
        signals.append(np.stack(axes, axis=1))
    return compute(*signals)


def _keep(path: Path, arrays: tuple[NDArray[np.generic], ...]) -> None:
    """Write the archive, under its name only when it is complete."""
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    x_train, y_train, x_test, y_test = arrays
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as stream:
            np.savez(
                stream,
                X_train=x_train,
                y_train=y_train,
                X_test=x_test,
                y_test=y_test,
            )
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        warnings.warn(
            f"the features are not kept in {path.parent} ({error.strerror}): "
            "they will be computed again.",
            stacklevel=4,
        )
