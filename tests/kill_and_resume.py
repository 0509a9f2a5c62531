"""Runs with a checkpoint that are killed by SIGKILL, again and again.

``python tests/kill_and_resume.py FOLDER SEED``: for each case a child process
trains, is killed after a random time, and a new one goes on, until one comes
to its end. Prints, as JSON, the digests of the uninterrupted run and of the
killed one, with the number of kills and the sweeps each child began at.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nnbcd import (
    Checkpoint,
    Dense,
    Gradual,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
)
from nnbcd.checkpoint import load

torch.set_num_threads(1)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 12))
Y = RNG.integers(0, 3, 60)
NET = Network(
    12,
    [
        Dense(16, structure=TensorTrain(2)),
        Dense(12, structure=Sparse(0.6)),
        Dense(10, structure=LowRank(2)),
        Dense(3),
    ],
)
LIFTED = Penalties(tau=2.0, alpha=0.1)
PENALTY = Solver(LIFTED, coupling="penalty", sweeps=30)
CONSTRAINT = replace(PENALTY, coupling="constraint", sweeps=15)
CONSISTENT = Solver(sweeps=15)
CASES = {
    "penalty": PENALTY,
    "constraint": CONSTRAINT,
    "consistent": CONSISTENT,
    "penalty-accelerated": replace(PENALTY, acceleration=True),
    "constraint-accelerated": replace(CONSTRAINT, acceleration=True),
    "penalty-gradual": replace(PENALTY, schedule=Gradual(10)),
    "constraint-gradual": replace(CONSTRAINT, schedule=Gradual(6)),
    "consistent-gradual": replace(CONSISTENT, schedule=Gradual(6)),
}


def digest(result):
    """Of everything a user can see but the clock."""
    total = hashlib.sha256()
    for item in (*result.state.weights(), *result.state.b):
        total.update(item.contiguous().numpy().tobytes())
    for g in result.state.g:
        for core in () if g is None or g.cores is None else g.cores.cores:
            total.update(core.contiguous().numpy().tobytes())
    timeless = [
        replace(row, seconds=0.0)
        for row in (*result.history.sweeps, *result.history.blocks)
    ]
    total.update(repr(timeless).encode())
    total.update(repr(result.history.objective).encode())
    total.update(result.status.name.encode())
    return total.hexdigest()


def child(solver, path, out):
    """Train in a process of its own; its id."""
    pid = os.fork()
    if pid:
        return pid
    result = solver.fit(
        NET, X, Y, validation=(X, Y), checkpoint=Checkpoint(path, 0.0)
    )
    part = out.with_suffix(".part")  # a kill must not leave half of it
    part.write_text(digest(result), "utf-8")
    part.replace(out)
    os._exit(0)


def killed(solver, path, seconds, rng):
    """Digest of a run that was killed, the kills, and where it went on."""
    out, begun, kills = path.with_suffix(".txt"), [], 0
    while not out.exists():
        begun.append(0)
        if path.exists():
            begun[-1] = len(load(path).history.sweeps)
        pid = child(solver, path, out)
        # Longer and longer, so that it ends on a busy machine as well.
        limit = seconds * rng.uniform(0.1, 0.6) * 1.1**kills
        end = time.monotonic() + limit
        gone = 0
        while not gone and time.monotonic() < end:
            gone, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.002)
        if gone:
            if status:
                sys.exit(f"a child failed: {status}")
            continue
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kills += 1
    return out.read_text("utf-8"), kills, begun


def main(folder, seed):
    report = {}
    for name, solver in CASES.items():
        start = time.monotonic()
        whole = digest(solver.fit(NET, X, Y, validation=(X, Y)))
        seconds = time.monotonic() - start
        after, kills, begun = killed(
            solver,
            Path(folder) / f"{name}.npz",
            seconds,
            random.Random(f"{seed} {name}"),
        )
        report[name] = {
            "whole": whole,
            "killed": after,
            "kills": kills,
            "begun": begun,
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
