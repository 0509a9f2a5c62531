"""Runs with a checkpoint that are killed by SIGKILL, again and again.

``python tests/kill_and_resume.py FOLDER SEED KILLS CASE ...``: for each case
a child process trains, is killed after a random time, and a new one goes on,
until one comes to its end; again, until there were KILLS. Prints, as JSON,
the digests of the uninterrupted run and of the killed ones, with the number
of kills and the sweeps of each child.
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
    Status,
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


def child(solver, path, out, said):
    """Train in a process of its own; its id."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        log = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        result = solver.fit(
            NET,
            X,
            Y,
            validation=(X, Y),
            checkpoint=Checkpoint(path, every_sweeps=1, keep=2),
            callbacks=[lambda record, _: os.write(log, b".") < 1],
        )
    except KeyboardInterrupt:  # before the run began
        os._exit(0)
    if result.status is not Status.INTERRUPTED:
        part = out.with_suffix(".part")  # a kill must not leave half of it
        part.write_text(digest(result), "utf-8")
        part.replace(out)
    os._exit(0)


def waited(pid, seconds, file=None):
    """Whether the process ended by itself in that time.

    With a file: in that time, and not before the file is there.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end or not (file is None or file.exists()):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            if status:
                sys.exit(f"a child failed: {status}")
            return True
        time.sleep(0.001)
    return False


def killed(solver, path, seconds, wanted, rng, report):
    """A run that is killed until ``report`` has the kills wanted.

    One signal in five is SIGINT, which ends a run in order. Of each process:
    the sweeps in the file at its start, those it announced, those in the
    file at its end.
    """
    out, said = path.with_suffix(".txt"), path.with_suffix(".log")
    done = 0
    while not out.exists():
        begun = done
        # As if every sweep before had been announced: fresh from here.
        said.write_bytes(b"." * done)
        pid = child(solver, path, out, said)
        if report["kills"] >= wanted:
            os.waitpid(pid, 0)
            break_off = False
        else:
            # The first is let live to its first checkpoint, so that on any
            # machine, however busy, the next one resumes.
            length = seconds * rng.uniform(0.0, 3.5 / solver.sweeps)
            first = None if report["sweeps"] else path
            break_off = not waited(pid, length, first)
        if break_off:
            hard = rng.random() < 0.8
            os.kill(pid, signal.SIGKILL if hard else signal.SIGINT)
            os.waitpid(pid, 0)
            report["kills" if hard else "interrupts"] += 1
        done = len(load(path).history.sweeps) if path.exists() else 0
        report["sweeps"].append((begun, len(said.read_bytes()), done))
    report["killed"].append(out.read_text("utf-8"))


def main(folder, seed, kills, *names):
    report = {}
    for name in names:
        solver = CASES[name]
        start = time.monotonic()
        whole = digest(solver.fit(NET, X, Y, validation=(X, Y)))
        seconds = time.monotonic() - start
        lists = {key: [] for key in ("killed", "sweeps")}
        report[name] = {"whole": whole, "kills": 0, "interrupts": 0, **lists}
        wanted, rng = -(-kills // len(names)), random.Random(f"{seed} {name}")
        while report[name]["kills"] < wanted:
            path = Path(folder, f"{name}-{len(report[name]['killed'])}.npz")
            killed(solver, path, seconds, wanted, rng, report[name])
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
