"""How long a call takes, beside another one, on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

__all__ = ["Latency", "measure", "say"]

SHORTEST = 5e-4  # seconds of one measurement: calls are repeated to reach it


@dataclass(frozen=True)
class Latency:
    """Seconds a call, of something and of its dense counterpart.

    Parameters
    ----------
    seconds, dense_seconds : float
        Medians over the repeats.
    """

    seconds: float
    dense_seconds: float

    @property
    def speedup(self) -> float:
        """dense_seconds / seconds: above one is faster than dense."""
        return self.dense_seconds / self.seconds


def measure(
    calls: Sequence[Callable[[], object]], repeats: int = 15
) -> list[float]:
    """Median seconds of each call; they take turns.

    So that whatever else the machine does falls on all of them alike.
    Gradients are not recorded. A call shorter than half a millisecond is
    repeated within a measurement.

    Parameters
    ----------
    calls : sequence of callable
        Without arguments.
    repeats : int
        Measurements of each.

    Examples
    --------
    >>> few, many = range(9), range(9999)
    >>> short, long = measure([lambda: sum(few), lambda: sum(many)])
    >>> short < long
    True
    """
    with torch.no_grad():
        counts = []
        for call in calls:
            call()
            call()
            once = max(1e-7, _seconds(call, 1))
            counts.append(max(1, round(SHORTEST / once)))
        found: list[list[float]] = [[] for _ in calls]
        for _ in range(repeats):
            for k, (call, count) in enumerate(
                zip(calls, counts, strict=True)
            ):
                found[k].append(_seconds(call, count))
    return [statistics.median(times) for times in found]


def say(latency: Latency, batch: int) -> str:
    """What a latency means, in a sentence.

    Parameters
    ----------
    latency : Latency
    batch : int
        Rows of the call.

    Examples
    --------
    >>> say(Latency(2.0, 1.0), 256)
    'At batch 256 there is no speed-up: it takes 2.0 times as long as dense.'
    """
    factor = latency.speedup
    if factor > 1.1:
        return f"At batch {batch} it is {factor:.1f} times as fast as dense."
    if factor > 0.9:
        return f"At batch {batch} there is no speed-up: as fast as dense."
    return (
        f"At batch {batch} there is no speed-up: it takes {1 / factor:.1f} "
        "times as long as dense."
    )


def _seconds(call: Callable[[], object], count: int) -> float:
    _finish()
    began = time.perf_counter()
    for _ in range(count):
        call()
    _finish()
    return (time.perf_counter() - began) / count


def _finish() -> None:
    """Wait for a GPU, which works on after a call has returned."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
