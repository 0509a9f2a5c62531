"""Solar flares of Liu et al. (2019): will an active region flare soon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnbcd.datasets.dataset import Dataset, checked
from nnbcd.datasets.tables import Table, find, read

__all__ = ["flares"]

_SOURCE = (
    "the folder Table2_dataset of "
    "https://github.com/JasonTLWang/LSTM-flare-prediction"
)


def flares(level: str = "M", *, seed: int = 0) -> Dataset:
    """Solar flares: 40 features of an active region, the next 24 hours.

    25 magnetic parameters and 15 of the flares so far. The training and
    the validation file together are the training part. It is balanced by
    leaving out rows of the larger class at random; the test part is as
    published, so judge it by balanced accuracy.

    Parameters
    ----------
    level : {"C", "M", "M5"}
        Label 1 is a flare of at least that class (M5: M5.0), 0 is none.
    seed : int
        Of the choice of rows.

    Returns
    -------
    Dataset
        Rows of 40 features, normalised by the publishers. (The runs
        published with NN-BCD have 8,114 balanced training rows: compare.)

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where to put it.
    ValueError
        If the level is unknown, or a file has another layout.

    Notes
    -----
    Reads ``normalized_training.csv``, ``normalized_validation.csv`` and
    ``normalized_testing.csv`` from ``solar_flare/liu2019/M`` (or ``C``,
    ``M5``) under ``NNBCD_DATA``. They are not downloaded: the publishers
    give no checksum.

    Liu, Liu, Wang and Wang, *Predicting Solar Flares Using a Long
    Short-term Memory Network*, ApJ 877:121, 2019. MIT licence.
    """
    if level not in ("C", "M", "M5"):
        msg = f"level must be C, M or M5, not {level!r}."
        raise ValueError(msg)
    parts = ("training", "validation", "testing")
    names = tuple(f"normalized_{part}.csv" for part in parts)
    paths = find(f"solar_flare/liu2019/{level}", names, _SOURCE)
    tables = [read(path, label="label", after="HARP") for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if table.names != tables[0].names:
            msg = f"data: {path} and {paths[0]} have different features."
            raise ValueError(msg)
    x = np.concatenate([table.x for table in tables[:2]])
    y = np.concatenate([_signs(table) for table in tables[:2]])
    rows = balanced(y, seed)
    return checked("flares", x[rows], y[rows], tables[2].x, _signs(tables[2]))


def balanced(y: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    """Rows, in order, that hold each label of ``y`` (N,) equally often."""
    random = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == label) for label in np.unique(y)]
    size = min(len(group) for group in groups)
    chosen = [random.choice(group, size, replace=False) for group in groups]
    rows: NDArray[np.intp] = np.sort(np.concatenate(chosen))
    return rows


def _signs(table: Table) -> NDArray[np.int64]:
    unknown = set(table.labels) - {"Positive", "Negative"}
    if unknown:
        msg = f"data: a label must be Positive or Negative, not {unknown}."
        raise ValueError(msg)
    return np.array([said == "Positive" for said in table.labels], np.int64)
