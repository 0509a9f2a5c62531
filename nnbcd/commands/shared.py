"""``train`` under torchrun: who holds which rows, and who speaks."""

from __future__ import annotations

import argparse
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.distributed import Processes

__all__ = ["exchanged", "is_first", "joined", "share"]


def joined(
    options: argparse.Namespace,
) -> AbstractContextManager[Processes | None]:
    """The group of processes; of nothing, where torchrun started none.

    Parameters
    ----------
    options : Namespace
        device, timeout.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return nullcontext(None)
    group = Processes(options.device or "cpu", options.timeout)
    options.device = str(group.device)
    return group


def is_first(group: Processes | None) -> bool:
    """Whether this is the process that prints and saves."""
    return group is None or group.rank == 0


def share(group: Processes | None, data: Dataset) -> Dataset:
    """The data with this process's training rows only, (n, d)."""
    if group is None:
        return data
    part = group.share(len(data.x_train))
    return replace(
        data, x_train=data.x_train[part], y_train=data.y_train[part]
    )


def exchanged(group: Processes, sweeps: int) -> dict[str, float]:
    """Processes, and what they have added up: messages and bytes a sweep.

    Parameters
    ----------
    group : Processes
    sweeps : int
        Over which it is spread, with the start.
    """
    return {
        "number": group.size,
        "messages": group.messages / max(sweeps, 1),
        "bytes": 8 * group.numbers / max(sweeps, 1),
    }
