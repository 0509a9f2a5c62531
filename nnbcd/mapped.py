"""Tensors whose numbers lie in a temporary file, mapped into memory.

To the rest of the code they are ordinary tensors. The operating system reads
their pages when they are touched; :func:`release` lets go of them again, so
that going through a file bit by bit holds a bit of it at a time.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Sequence
from math import prod
from weakref import WeakValueDictionary

import torch

from nnbcd._typing import Tensor

__all__ = ["empty", "is_mapped", "release"]

_MAPS: WeakValueDictionary[int, mmap.mmap] = WeakValueDictionary()


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
    with tempfile.TemporaryFile(prefix="nnbcd-") as file:
        _reserve(file.fileno(), size)
        pages = mmap.mmap(file.fileno(), size)  # keeps the file open
    out = torch.frombuffer(pages, dtype=dtype).reshape(tuple(shape))
    _MAPS[out.data_ptr()] = pages
    return out


def is_mapped(x: Tensor) -> bool:
    """Whether the numbers of ``x`` lie in a file."""
    return x.untyped_storage().data_ptr() in _MAPS


def release(*tensors: Tensor | None) -> None:
    """Let go of the pages of mapped tensors; their numbers stay.

    Other tensors are left alone, and so is everything where the operating
    system offers no such call (Windows).

    Parameters
    ----------
    tensors : Tensor or None
        Contiguous rows of a mapped tensor, or all of it; any shape.
    """
    advice = getattr(mmap, "MADV_DONTNEED", None)
    for x in tensors:
        if x is None or advice is None or x.numel() == 0:
            continue
        start = x.untyped_storage().data_ptr()
        pages = _MAPS.get(start)
        if pages is None:
            continue
        first = (x.data_ptr() - start) // mmap.PAGESIZE * mmap.PAGESIZE
        end = x.data_ptr() - start + x.numel() * x.element_size()
        pages.madvise(advice, first, end - first)


def _reserve(file: int, size: int) -> None:
    """Make room now: a full disk found later would kill the process."""
    import os

    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)
