"""Tensors whose numbers lie in a temporary file, mapped into memory.

To the rest of the code they are ordinary tensors. The operating system reads
their pages when they are touched; :func:`release` lets go of them again, so
that going through a file bit by bit holds a bit of it at a time.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
from collections.abc import Sequence
from io import FileIO
from math import prod
from weakref import WeakValueDictionary, finalize

import torch

from nnbcd._typing import Int, Tensor

__all__ = ["empty", "is_mapped", "release", "take", "trim"]


class _Pages(mmap.mmap):
    """A map that keeps its file open, to read from it out of order."""

    file: FileIO


_MAPS: WeakValueDictionary[int, _Pages] = WeakValueDictionary()


def empty(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A tensor of zeros in a file of its own, which nobody else can open.

    The file lies in the folder for temporary files (``TMPDIR``) and has no
    name there (but on Windows), so it goes with its last tensor, whatever
    ends the process. The folder should be on a disk: where it is kept in
    memory, nothing is gained.

    Parameters
    ----------
    shape : sequence of int
        With at least one entry.
    dtype : torch.dtype

    Raises
    ------
    OSError
        If the disk is full.
    """
    size = prod(shape) * dtype.itemsize
    if size == 0:  # there is no map of length 0
        return torch.zeros(*shape, dtype=dtype)
    file = tempfile.TemporaryFile(prefix="nnbcd-", buffering=0)
    _reserve(file.fileno(), size)
    pages = _Pages(file.fileno(), size)
    pages.file = file
    finalize(pages, file.close)
    out = torch.frombuffer(pages, dtype=dtype).reshape(tuple(shape))
    _MAPS[out.data_ptr()] = pages
    return out


def is_mapped(x: Tensor) -> bool:
    """Whether the numbers of ``x`` lie in a file."""
    return x.untyped_storage().data_ptr() in _MAPS


def release(*tensors: Tensor | None) -> None:
    """Let go of the pages of mapped tensors; their numbers stay.

    All pages: the system brings in more than what was touched, before it
    and after. Other tensors are left alone, and so is everything where the
    system offers no such call (Windows).

    Parameters
    ----------
    tensors : Tensor or None
        Mapped tensors or views of them; any shape.
    """
    advice = getattr(mmap, "MADV_DONTNEED", None)
    for x in tensors:
        if x is None or advice is None:
            continue
        pages = _MAPS.get(x.untyped_storage().data_ptr())
        if pages is not None:
            pages.madvise(advice)


def take(x: Tensor, rows: Int[Tensor, " n"]) -> Tensor:
    """``x[rows]``; of a mapped tensor read from its file row by row.

    Parameters
    ----------
    x : Tensor
        Shape (N, ...), contiguous if mapped.
    rows : Tensor
        Row numbers, shape (n,), in any order.
    """
    pages = _MAPS.get(x.data_ptr())
    if pages is None:
        return x[rows]
    size = prod(x.shape[1:]) * x.element_size()
    if not len(rows):
        return x[:0]
    numbers = bytearray(len(rows) * size)
    view = memoryview(numbers)
    # In the order of the file: kind to disks.
    for place in rows.argsort().tolist():
        pages.file.seek(int(rows[place]) * size)
        pages.file.readinto(view[place * size : (place + 1) * size])
    return torch.frombuffer(numbers, dtype=x.dtype).reshape(-1, *x.shape[1:])


def trim() -> None:
    """Give freed memory back to the system, where the C library can.

    glibc keeps blocks below 32 MB for later; those of a piece of rows are
    of that size, and what is kept would soon exceed what is used.
    """
    if sys.platform == "linux":
        give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if give_back is not None:  # musl has none
            give_back(0)


def _reserve(file: int, size: int) -> None:
    """Make room now: a full disk found later would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)
