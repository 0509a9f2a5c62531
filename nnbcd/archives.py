"""NumPy archives from anywhere: plain arrays, or one error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DamagedArchiveError", "read_npz"]


class DamagedArchiveError(ValueError):
    """A file is no ``.npz`` archive of plain arrays, or a damaged one."""


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """All arrays of an ``.npz`` file by name; nothing in it is executed.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError
        If the file can't be opened.
    DamagedArchiveError
        If it holds anything but plain arrays, whole ones.
    """
    with Path(path).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        try:
            with np.load(stream, allow_pickle=False) as archive:
                _refuse_bombs(archive.zip.infolist(), size)
                return {name: archive[name] for name in archive.files}
        # Bytes that are no archive raise whatever the layers below meet:
        # zipfile, zlib, struct, NumPy's parser of headers, memory.
        except Exception as error:
            raise DamagedArchiveError(type(error).__name__) from None


def _refuse_bombs(members: Any, size: int) -> None:
    """Arrays that compress a thousand times are no data."""
    total = sum(member.file_size for member in members)
    if total > 1000 * size + 2**20:
        msg = "claims more than it can hold"
        raise ValueError(msg)
