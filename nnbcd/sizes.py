"""Bytes: read, written and counted."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch

__all__ = ["as_bytes", "machine_memory", "readable"]

UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def machine_memory(device: torch.device) -> int | None:
    """Bytes of memory in all, or the container's limit; None: unknown."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    sizes = []
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        file = Path("/sys/fs/cgroup", name)
        text = file.read_text("ascii").strip() if file.is_file() else ""
        sizes += [int(text)] if text.isdigit() else []
    try:
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        pass
    return min(sizes, default=None)


def as_bytes(size: str | int) -> int:
    """A size such as 2_000_000, "600MB" or "4GiB" in bytes.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> as_bytes("1.5 GiB"), as_bytes("600MB")
    (1610612736, 600000000)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(size))
    if isinstance(size, bool) or not match or match[2] not in UNITS:
        msg = (
            f'memory must be a size such as "4GiB" or "600MB", not {size!r}.'
        )
        raise ValueError(msg)
    out = int(float(match[1]) * UNITS[match[2]])
    if out <= 0:
        msg = "memory must be positive."
        raise ValueError(msg)
    return out


def readable(size: int) -> str:
    """Bytes in three digits: 1.57 GB.

    Examples
    --------
    >>> readable(1_570_000_000), readable(900)
    ('1.57 GB', '900 B')
    """
    number = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 999.5 or unit == "TB":
            break
        number /= 1000
    return f"{number:.3g} {unit}"
