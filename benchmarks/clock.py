"""Two clocks, and what contenders timed in turn say about each other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar

import torch

__all__ = ["Stopwatch", "ratios"]

T = TypeVar("T")
Times = dict[str, list[float]]


class Stopwatch:
    """Seconds by clock and by name.

    ``wall`` is what a user waits, ``processor`` what all threads of this
    process used. On a machine that others use too, the second one, with
    OMP_NUM_THREADS=1, is the steadier; on a GPU it means nothing and is
    left out.

    Parameters
    ----------
    device : torch.device
        A GPU is waited for on both sides of the work.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.times: dict[str, Times] = {"wall": defaultdict(list)}
        if device.type == "cpu":
            self.times["processor"] = defaultdict(list)

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """Do ``work`` and note under ``name`` how long it took."""
        self._wait()
        wall, processor = time.perf_counter(), time.process_time()
        out = work()
        self._wait()
        self.note("wall", name, time.perf_counter() - wall)
        if "processor" in self.times:
            self.note("processor", name, time.process_time() - processor)
        return out

    def note(self, clock: str, name: str, seconds: float) -> None:
        """Note seconds measured elsewhere."""
        self.times[clock][name].append(seconds)

    def clear(self) -> None:
        """Forget the first round."""
        for times in self.times.values():
            times.clear()

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def ratios(times: Times, work: float, product: float) -> dict[str, Any]:
    """What the times of one clock say.

    Parameters
    ----------
    times : dict of list
        Seconds of ``ours``, ``plain`` and ``gemm``, round by round, and of
        whatever else was noted.
    work, product : float
        Operations of a sweep, and of the matrix product timed as ``gemm``.

    Returns
    -------
    dict
        Medians and minima, the rate of the product, the time the sweep's
        operations take at that rate, and the two ratios, of the medians.
    """
    seconds = {name: median(values) for name, values in times.items()}
    rate = product / seconds["gemm"]
    ceiling = work / rate
    return {
        "seconds": seconds,
        "least": {name: min(values) for name, values in times.items()},
        "gemm_gflops": rate / 1e9,
        "ceiling_seconds": ceiling,
        "plain_over_ours": seconds["plain"] / seconds["ours"],
        "ours_over_ceiling": seconds["ours"] / ceiling,
    }
