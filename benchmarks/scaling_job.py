"""One process of ``python -m benchmarks scaling``: a run, and what it took.

python -m benchmarks.scaling_job out.json '{"rows": ..., ...}'
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nnbcd import Dense, Network, Solver
from nnbcd.distributed import Processes
from nnbcd.metrics import PeakMemory

__all__ = ["lenet", "main"]


def lenet() -> Network:
    """LeNet-300-100 without compression: 784-300-100-10."""
    return Network(784, [Dense(300), Dense(100), Dense(10)])


def main() -> None:
    """Train as the second word says; process 0 writes the first."""
    out, words = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(1)
    x = np.load(words["x"], mmap_mode="r")
    y = np.load(words["y"])
    solver = Solver(
        coupling=words["coupling"],
        sweeps=words["sweeps"],
        chunk_rows=words["chunk_rows"],
    )
    if "WORLD_SIZE" not in os.environ:
        with PeakMemory() as memory:
            result = solver.fit(lenet(), x, y)
        answer = told(result) | {
            "peak": memory.bytes,
            "before": memory.before,
            "planned": solver.plan(lenet(), len(x)).peak,
        }
        Path(out).write_text(json.dumps(answer), "utf-8")
        return
    with Processes(timeout=300) as group:
        rows = words["rows_each"] * group.size
        part = group.share(rows)
        start = time.perf_counter()
        result = solver.fit(lenet(), np.array(x[part]), y[part], group=group)
        answer = told(result) | {
            "seconds_all": time.perf_counter() - start,
            "messages": group.messages,
            "bytes": 8 * group.numbers,
            "planned_bytes": solver.plan(lenet(), rows, group.size).payload,
        }
        if group.rank == 0:
            Path(out).write_text(json.dumps(answer), "utf-8")


def told(result: Any) -> dict[str, Any]:
    """Objectives, seconds of each sweep, and the weights' norms."""
    sweeps = result.history.sweeps
    return {
        "objective": result.history.objective,
        "seconds": [s.seconds for s in sweeps],
        "norms": [float(w.norm()) for w in result.state.w],
    }


if __name__ == "__main__":
    main()
