"""Run the arms of an experiment, one after the other; resume what was cut."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnbcd.checks import count
from nnbcd.experiments.experiment import Arm, Descent, Experiment, Job
from nnbcd.experiments.logged import logged_file
from nnbcd.experiments.measure import measured, run_name, save_weights
from nnbcd.experiments.record import RunRecord, read
from nnbcd.metrics import PeakMemory

__all__ = ["RunPlan", "reproduce"]


@dataclass(frozen=True)
class RunPlan:
    """Which runs, and what becomes of them.

    Parameters
    ----------
    out : Path
        Folder of the records, made if it does not exist.
    quick : bool
        The short runs or the long ones.
    seeds : sequence of int
        One run each for every arm.
    arms : sequence of str or None
        Names; None: all of this length.
    device : str or None
        Where to compute; None: the CPU.
    fresh : bool
        Run again what has a record, and start anew what was cut.
    blocks : bool
        Keep a row for every block update in the history.
    quiet : bool
        Say nothing on stderr.
    every_seconds : float
        Least time between two checkpoints.
    length : int or None
        Sweeps or epochs of every arm, instead of those planned.
    """

    out: Path
    quick: bool = True
    seeds: Sequence[int] = (0,)
    arms: Sequence[str] | None = None
    device: str | None = None
    fresh: bool = False
    blocks: bool = False
    quiet: bool = False
    every_seconds: float = 10.0
    length: int | None = None


def reproduce(experiment: Experiment, plan: RunPlan) -> list[RunRecord]:
    """Run an experiment.

    A run with a record is not run again; one that was cut goes on where it
    was. Records are written as soon as their run ends.

    Parameters
    ----------
    experiment : Experiment
    plan : RunPlan

    Returns
    -------
    list of RunRecord
        By arm, then by seed.

    Raises
    ------
    FileNotFoundError
        If the data are not at hand; the message says where to put them.
    ValueError
        If an arm is unknown.
    """
    data, note = experiment.load()
    arms = experiment.chosen(data, plan.arms, quick=plan.quick)
    if plan.length is not None:
        n = count("length", plan.length)
        arms = [replace(arm, quick=n, full=n) for arm in arms]
    runs = [(arm, seed) for arm in arms for seed in plan.seeds]
    records = []
    clock = _Clock(len(runs), quiet=plan.quiet)
    for arm, seed in runs:
        path = plan.out / f"{run_name(arm, seed)}.json"
        job = Job(
            data,
            seed,
            plan.quick,
            plan.device,
            path.with_suffix(".checkpoint.npz"),
            plan.every_seconds,
            not plan.quiet,
        )
        record = None if plan.fresh else _finished(path, arm, job)
        if record is None:
            clock.begins(arm, seed, job)
            record = _run(experiment, arm, job, note, path, plan)
            clock.ended(record)
        else:
            clock.skipped(record)
        records.append(record)
    return records


def _run(
    experiment: Experiment,
    arm: Arm,
    job: Job,
    note: str,
    path: Path,
    plan: RunPlan,
) -> RunRecord:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = job.checkpoint
    assert kept is not None
    if plan.fresh or not kept.exists():
        kept.unlink(missing_ok=True)
        logged_file(kept).unlink(missing_ok=True)
    with PeakMemory(plan.device or "cpu") as memory:
        trained = arm.run(job)
    record = measured(
        experiment.name,
        arm,
        job,
        trained,
        note=note,
        peak=memory.bytes,
        blocks=plan.blocks,
    )
    status = record.result["status"]
    if status == "INTERRUPTED":
        raise KeyboardInterrupt  # the checkpoint has all that was done
    save_weights(path.with_suffix(".npz"), trained)
    record.write(path)
    kept.unlink(missing_ok=True)
    logged_file(kept).unlink(missing_ok=True)
    return record


def _finished(path: Path, arm: Arm, job: Job) -> RunRecord | None:
    """The record of this very run, if there is one."""
    try:
        record = read(path)
    except (FileNotFoundError, ValueError):
        return None
    wanted = json.loads(json.dumps(arm.settings(job)))
    same = all(record.settings.get(k) == v for k, v in wanted.items())
    rows = record.data["train_rows"], record.data["name"]
    same = same and rows == (len(job.data.x_train), job.data.name)
    return record if same and record.quick == job.quick else None


class _Clock:
    """Which run of how many, and about how long the rest takes."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self._number, self._start = 0, 0.0
        self._spent: list[float] = []

    def begins(self, arm: Arm, seed: int, job: Job) -> None:
        self._number += 1
        self._start = time.perf_counter()
        length = f"{arm.length(quick=job.quick)} {arm.unit}"
        resumed = isinstance(arm, Descent) and (
            job.checkpoint is not None and job.checkpoint.exists()
        )
        going_on = ", goes on from its checkpoint" if resumed else ""
        self._say(f"{arm.name}, seed {seed}: {length}{going_on}")

    def ended(self, record: RunRecord) -> None:
        self._spent.append(time.perf_counter() - self._start)
        left = self._total - self._number
        text = f"  test {record.result['accuracy']:.4f}"
        text += f" in {record.result['seconds']:.1f} s"
        if left:
            mean = sum(self._spent) / len(self._spent)
            text += f"; about {_minutes(mean * left)} left for {left} more"
        if not self._quiet:
            print(text, file=sys.stderr)

    def skipped(self, record: RunRecord) -> None:
        self._number += 1
        self._say(f"{record.run}: has its record")

    def _say(self, text: str) -> None:
        if not self._quiet:
            head = f"[{self._number}/{self._total}]"
            print(f"{head} {text}", file=sys.stderr)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def by_arm(records: Sequence[RunRecord]) -> Iterator[list[RunRecord]]:
    """The records of one arm at a time, in the order of their first."""
    for arm in dict.fromkeys(record.arm for record in records):
        yield [record for record in records if record.arm == arm]
