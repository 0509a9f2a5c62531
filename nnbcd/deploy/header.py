"""The header of a safetensors file, checked before anything is read.

The format: eight bytes that say how long the header is, the header, a JSON
object that says of each tensor its type, its shape and where its bytes are,
and then the bytes. Every claim is compared with the size of the file, so
that nothing is allocated on a claim.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from nnbcd.deploy.errors import LoadError

__all__ = ["SIZES", "Header", "TensorEntry", "read_header"]

LONGEST = 2**24  # bytes of a header
SIZES = {
    **{"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2},
    **{"I16": 2, "I8": 1, "U8": 1, "BOOL": 1},
}


@dataclass(frozen=True)
class TensorEntry:
    """Type and shape of one tensor, and its bytes among the data."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file says it holds.

    Parameters
    ----------
    tensors : dict of str to TensorEntry
    metadata : dict of str to str
    data : int
        Bytes of all tensors.
    """

    tensors: dict[str, TensorEntry]
    metadata: dict[str, str]
    data: int


def read_header(path: Path) -> Header:
    """The header of a file, every size in it true.

    Parameters
    ----------
    path : Path
        A safetensors file.

    Raises
    ------
    LoadError
        If the file is none, or the header and its size do not agree.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        length = int.from_bytes(stream.read(8), "little")
        if size < 10 or length > size - 8 or length > LONGEST:
            raise _not_one(path)
        text = stream.read(length)
    try:
        table = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _not_one(path) from None
    if not isinstance(table, dict):
        raise _not_one(path)
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        raise _not_one(path)
    data = size - 8 - length
    entries = {name: _entry(name, item) for name, item in table.items()}
    end = 0
    for entry in sorted(entries.values(), key=lambda e: (e.begin, e.end)):
        if entry.begin != end:
            msg = f"{path}: its tensors overlap or leave a gap."
            raise LoadError(msg)
        end = entry.end
    if end != data:
        msg = f"{path}: it should hold {end} bytes of numbers, not {data}."
        raise LoadError(msg)
    return Header(entries, metadata, data)


def _entry(name: str, item: Any) -> TensorEntry:
    try:
        dtype, shape = item["dtype"], item["shape"]
        begin, end = item["data_offsets"]
        if not isinstance(dtype, str) or not isinstance(shape, list):
            raise TypeError
        if any(type(n) is not int or n < 0 for n in (*shape, begin, end)):
            raise TypeError
        if max((0, *shape, end)) >= 2**63:  # before a product of them
            raise TypeError
    except (KeyError, TypeError, ValueError):
        msg = f"tensor {name[:80]!r} is not described as it should be."
        raise LoadError(msg) from None
    if dtype not in SIZES or len(shape) > 8:
        msg = f"tensor {name[:80]!r} is of a kind that is never saved."
        raise LoadError(msg)
    if prod(shape) * SIZES[dtype] != end - begin:
        msg = f"tensor {name[:80]!r}: its shape and its bytes disagree."
        raise LoadError(msg)
    return TensorEntry(dtype, tuple(shape), begin, end)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        msg = "a key appears twice"
        raise ValueError(msg)
    return table


def _not_one(path: Path) -> LoadError:
    return LoadError(f"{path} is not a safetensors file, or is damaged.")
