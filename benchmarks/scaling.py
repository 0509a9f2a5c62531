"""Memory with rows in files, and rows shared among processes.

``memory-*`` trains LeNet-300-100 on MNIST once in memory and once by pieces,
each in a process of its own, and reads the peak resident set of the whole
process. ``processes-*`` trains on as many rows for each process (weak
scaling), and beside it one process on all those rows: same result, and the
time of both. Beyond the processors of the machine a model takes over, see
:func:`modelled`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.scaling_job import lenet
from benchmarks.store import provenance
from nnbcd import Solver
from nnbcd.datasets import load

__all__ = [
    "COLUMNS",
    "Case",
    "cells",
    "modelled",
    "plan",
    "quick",
    "run_case",
]

COLUMNS = ("case", "coupling", "figure", "alone", "shared or by pieces")
ROWS_EACH, CHUNK, BANDWIDTH, LATENCY = 10_000, 2_000, 1e9, 1e-4
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A measurement.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    coupling : str
    processes : int
        0: memory is measured, in one process.
    """

    name: str
    coupling: str
    processes: int


def plan(options: argparse.Namespace) -> Sequence[Case]:
    """The cases, or those of ``--only``."""
    cases = [
        *(Case(f"memory-{c}", c, 0) for c in ("penalty", "consistent")),
        *(Case(f"processes-{p}", "penalty", p) for p in (2, 4)),
    ]
    return [c for c in cases if not options.only or c.name in options.only]


def quick(options: argparse.Namespace) -> None:
    """One case of half a minute."""
    options.only = options.only or ["processes-2"]


def run_case(case: Case, options: argparse.Namespace) -> Row:
    """Measure one case; MNIST is needed."""
    del options
    data = load("mnist")
    row: Row = {"name": case.name, "coupling": case.coupling}
    with tempfile.TemporaryDirectory() as folder:
        x, y = Path(folder, "x.npy"), Path(folder, "y.npy")
        rows = len(data.x_train)
        if case.processes:
            rows = ROWS_EACH * case.processes
        np.save(x, data.x_train[:rows].astype(np.float32))
        np.save(y, data.y_train[:rows])
        words = {
            "x": str(x),
            "y": str(y),
            "coupling": case.coupling,
            "sweeps": 3 if case.processes else 1,
            "chunk_rows": None,
            "rows_each": ROWS_EACH,
        }
        row["rows"] = rows
        row["alone"] = _job(folder, words, 0)
        if case.processes:
            row["shared"] = _job(folder, words, case.processes)
            row["model"] = modelled(row, case)
        else:
            words["chunk_rows"] = row["chunk_rows"] = CHUNK
            row["shared"] = _job(folder, words, 0)
    row["difference"] = max(
        abs(a - b) / abs(a)
        for name in ("objective", "norms")
        for a, b in zip(row["alone"][name], row["shared"][name], strict=True)
    )
    return row | {"provenance": provenance("cpu")}


def modelled(row: Row, case: Case) -> list[dict[str, float]]:
    """Seconds of a sweep for P processes with a processor each.

    The time of one process on its rows, measured here as the share of the
    run alone, plus the exchange: twice the payload by a ring at 1 GB/s and
    0.1 ms for each message and doubling of P. Both are assumptions.
    """
    alone = median(row["alone"]["seconds"]) / case.processes
    out = []
    for p in (1, 2, 4, 16, 64, 256):
        made = Solver(coupling=case.coupling).plan(lenet(), ROWS_EACH * p, p)
        sent = 2 * (p - 1) / p * made.payload / BANDWIDTH
        waited = LATENCY * made.messages * (p - 1).bit_length()
        out.append({"processes": p, "seconds": alone + sent + waited})
    return out


def cells(row: Row) -> list[list[str]]:
    """What the table shows of a row."""
    alone, shared = row["alone"], row["shared"]
    head = [row["name"], row["coupling"]]
    gap = f"{row['difference']:.1e}"
    if "peak" in shared:
        pair = [f"{x['peak'] / 1e6:.0f}" for x in (alone, shared)]
        above = [
            f"{(x['peak'] - x['before']) / 1e6:.0f}" for x in (alone, shared)
        ]
        return [
            [*head, "peak of the process, MB", *pair],
            ["", "", "above import, MB", *above],
            ["", "", "largest relative difference", "", gap],
        ]
    times = [f"{median(x['seconds']):.2f}" for x in (alone, shared)]
    sweeps = len(shared["seconds"])
    return [
        [*head, "s a sweep", *times],
        [
            "",
            "",
            "MB summed a sweep",
            "",
            f"{shared['bytes'] / sweeps / 1e6:.2f}",
        ],
        ["", "", "largest relative difference", "", gap],
        *(
            [
                "",
                "",
                f"model, {m['processes']} processes, s",
                "",
                f"{m['seconds']:.2f}",
            ]
            for m in row["model"]
        ),
    ]


def _job(folder: str, words: dict[str, Any], processes: int) -> Any:
    out = Path(folder, "out.json")
    command = [sys.executable, "-m"]
    if processes:
        command += ["torch.distributed.run", "--nproc-per-node"]
        command += [str(processes), "-m"]
    command += ["benchmarks.scaling_job", str(out), json.dumps(words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment)
    return json.loads(out.read_text("utf-8"))
