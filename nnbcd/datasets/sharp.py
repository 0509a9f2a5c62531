"""Solar flares of 286 active regions, ten magnetic parameters."""

from __future__ import annotations

import numpy as np

from nnbcd.datasets.dataset import Dataset, checked
from nnbcd.datasets.tables import find, read

__all__ = ["sharp"]


def sharp() -> Dataset:
    """Solar flares of 286 active regions: ten SHARP parameters.

    The first of the publishers' ten splits. No region is in two parts, and
    the validation part (2,280 rows) is left out: choose settings there.

    Returns
    -------
    Dataset
        6,880 training rows of 172 regions (4,520 and 2,360) and 2,280 test
        rows of 57 (1,520 and 760), ten features normalised by the
        publishers. Label 0 is a flare of class C, 1 one of class M or X.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where to put it.
    ValueError
        If a file has another layout.

    Notes
    -----
    Reads ``train_data_0.csv`` and ``test_data_0.csv`` from
    ``solar_flare/sharp_ar286`` under ``NNBCD_DATA``. They are not
    downloaded: the publishers give no checksum.

    Li and others, *Prediction of Large Solar Flares Based on SHARP and HED
    Magnetic Field Parameters*, arXiv:2410.18562. CC0 1.0.
    """
    paths = find(
        "solar_flare/sharp_ar286",
        ("train_data_0.csv", "test_data_0.csv"),
        "the data published with https://arxiv.org/abs/2410.18562",
    )
    arrays = []
    for path in paths:
        table = read(path, label="level", after="time")
        if set(table.labels) - {"0", "1"}:
            msg = f"data: the Level of a row must be 0 or 1 in {path}."
            raise ValueError(msg)
        arrays += [table.x, np.array(table.labels, np.int64)]
    return checked("sharp", *arrays)
