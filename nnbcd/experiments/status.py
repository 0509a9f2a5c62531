"""What is reproduced and how far: a table made from the stored records."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from nnbcd.experiments.logs import Log, logs
from nnbcd.experiments.record import RunRecord, stored
from nnbcd.experiments.variants import RELEASED

__all__ = ["CLAIMS", "Claim", "Status", "print_status", "status"]

CLOSE = 0.01  # accuracy that counts as the same


@dataclass(frozen=True)
class Claim:
    """A run of the paper and the arm that reproduces it.

    Parameters
    ----------
    experiment, arm : str
        As given to ``python -m nnbcd reproduce``.
    metric : str
        Of the result of a record; the log has the same.
    """

    experiment: str
    arm: str
    metric: str = "accuracy"


STARTS = (
    "kaiming-normal",
    "kaiming-uniform",
    "xavier-normal",
    "xavier-uniform",
    "lecun-normal",
    "lecun-uniform",
    "orthogonal",
    "uniform",
)
CLAIMS = (
    Claim("mnist-cnn", "penalty"),
    Claim("mnist-cnn", "rank-220"),
    *(Claim("cnn-inits", f"penalty-{name}") for name in STARTS),
    Claim("har-4", "penalty"),
    *(Claim("inits", f"penalty-{name}") for name in STARTS),
    Claim("har-5", "penalty"),
    *(Claim("har-5-inits", f"penalty-{name}") for name in STARTS),
    Claim("har-5-grid", "penalty-gamma5-rho1"),
    Claim("lenet-flares", "released", "balanced_accuracy"),
    *(
        Claim("flares-inits", f"released-{name}", "balanced_accuracy")
        for name in STARTS
    ),
)


@dataclass(frozen=True)
class Status:
    """One line of the table.

    Parameters
    ----------
    experiment, arm : str
    paper_sweeps : int or None
        How many the authors made; None: no log is known.
    paper_test : float or None
        Their test accuracy at the end.
    sweeps : int or None
        Ours; None: there is no record.
    seeds : list of int
        Of the records of that length.
    train, test : float or None
        Median over the seeds, at the end of our runs.
    log_test : float or None
        Their test accuracy at the last logged sweep up to the end of ours.
    start : str
        ``released`` or ``own``.
    data : str
        The remark in the record.
    ratio : float or None
        Stored over dense numbers.
    said : str
        Where they differ, in one sentence.
    """

    experiment: str
    arm: str
    paper_sweeps: int | None
    paper_test: float | None
    sweeps: int | None
    seeds: list[int]
    train: float | None
    test: float | None
    log_test: float | None
    start: str
    data: str
    ratio: float | None
    said: str


def status(folder: str | Path | None = None) -> list[Status]:
    """The lines, one an arm and start that has records.

    Parameters
    ----------
    folder : str or Path, optional
        As in :func:`nnbcd.experiments.stored`.
    """
    lines = []
    for claim in CLAIMS:
        records = _records(claim.experiment, folder)
        found = False
        for arm in (claim.arm, claim.arm + RELEASED):
            runs = [r for r in records if r.arm == arm]
            if runs:
                found = True
                lines.append(_line(claim, runs))
        if not found:
            lines.append(_missing(claim))
    return lines


def print_status(
    folder: str | Path | None = None, *, as_json: bool = False
) -> None:
    """Print the table to stdout.

    Parameters
    ----------
    folder : str or Path, optional
        As in :func:`status`.
    as_json : bool
        A list of objects instead.
    """
    lines = status(folder)
    if as_json:
        print(json.dumps([asdict(line) for line in lines]))
        return
    head = (
        f"{'experiment, arm':<40}{'paper':>6}{'test':>7}  "
        f"{'ours':>5}{'train':>7}{'test':>7}{'log':>7}  "
        f"{'seeds':<8}{'start':<9}{'ratio':>6}"
    )
    print(head)
    for s in lines:
        seeds = ",".join(map(str, s.seeds))
        print(
            f"{f'{s.experiment}, {s.arm}':<40}{_whole(s.paper_sweeps):>6}"
            f"{_share(s.paper_test):>7}  {_whole(s.sweeps):>5}"
            f"{_share(s.train):>7}{_share(s.test):>7}{_share(s.log_test):>7}"
            f"  {seeds:<8}{s.start:<9}{_share(s.ratio):>6}"
        )
        print(textwrap.indent(textwrap.fill(s.said, 100), "    "))
    made = sum(s.sweeps is not None for s in lines)
    whole = sum(
        s.sweeps is not None and s.sweeps >= (s.paper_sweeps or 0)
        for s in lines
    )
    print(
        f"{made} of {len(lines)} runs have a record, {whole} at the length "
        "of the paper. log: the authors' test accuracy at our last sweep; "
        "train, test: median over the seeds."
    )


def _records(experiment: str, folder: str | Path | None) -> list[RunRecord]:
    try:
        return stored(experiment, folder)
    except FileNotFoundError:
        return []


def _log(claim: Claim) -> Log | None:
    return logs(claim.experiment).get(claim.arm)


def _line(claim: Claim, runs: Sequence[RunRecord]) -> Status:
    longest = max(r.result["sweeps"] for r in runs)
    whole = [r for r in runs if r.result["sweeps"] == longest]
    log = _log(claim)
    at = None if log is None else log.at(longest)
    test = median(r.result[claim.metric] for r in whole)
    note = next((r.data["note"] for r in whole if r.data["note"]), "")
    first = whole[0]
    theirs = first.arm.endswith(RELEASED)
    return Status(
        claim.experiment,
        claim.arm,
        None if log is None else log.sweeps,
        None if log is None else log.test[-1],
        longest,
        sorted(r.seed for r in whole),
        median(_train(r) for r in whole),
        test,
        None if at is None else at[3],
        "released" if theirs else "own",
        note,
        first.result["parameters"] / first.result["dense_parameters"],
        _sentence(log, longest, test, note, theirs=theirs),
    )


def _train(record: RunRecord) -> float:
    value: float = record.result["train_accuracy"]
    return value


def _missing(claim: Claim) -> Status:
    log = _log(claim)
    return Status(
        claim.experiment,
        claim.arm,
        None if log is None else log.sweeps,
        None if log is None else log.test[-1],
        None,
        [],
        None,
        None,
        None,
        "",
        "",
        None,
        "Not run yet.",
    )


def _sentence(
    log: Log | None, sweeps: int, test: float, note: str, *, theirs: bool
) -> str:
    """Length first, then the figure, then what else is not theirs."""
    if log is None:
        return f"The notebook shows no log; data: {note}."
    at = log.at(sweeps)
    assert at is not None  # the first sweep is in every log
    parts = []
    if sweeps < log.sweeps:
        parts.append(f"ours stops at sweep {sweeps} of {log.sweeps}")
    gap = test - at[3]
    if abs(gap) <= CLOSE:
        parts.append(f"the test accuracy is theirs of sweep {at[0]} to .01")
    else:
        word = "above" if gap > 0 else "below"
        parts.append(
            f"the test accuracy is {abs(gap):.3f} {word} theirs of sweep "
            f"{at[0]}"
        )
    if not theirs:
        parts.append("the start is ours")
    said = "; ".join(parts)
    said = said[0].upper() + said[1:]
    return f"{said}; data: {note}." if note else f"{said}."


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)
