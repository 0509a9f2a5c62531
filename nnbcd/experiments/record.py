"""The record of a run: settings, environment, result, curve, history."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nnbcd.history import History
from nnbcd.relative_error import LEAST

__all__ = ["SCHEMA", "VERDICTS", "RunRecord", "read", "stored"]

SCHEMA = "nnbcd-run-1"
POINTS = 60  # of a curve in a compact record
# What RunRecord.verdict says, the worst first.
VERDICTS = {
    "NO": "the certificate does not hold",
    "H1": "the objective never rose (H1); H2 is not judged",
    "holds": "certificate holds",
}


@dataclass(frozen=True)
class RunRecord:
    """One run of one arm.

    Parameters
    ----------
    experiment, run, method : str
        Which experiment; the arm with its seed; the coupling or baseline.
    seed : int
    quick : bool
        The short run or the long one.
    settings : mapping
        All that decides the run.
    data : mapping
        name, train_rows, test_rows, features, classes, note.
    environment : mapping
        commit, device, torch, numpy, python, threads, dtype, date, ...
    result : mapping
        accuracy, balanced_accuracy, train_accuracy, parameters,
        dense_parameters, stored_bytes, effective_sparsity, sweeps, seconds,
        peak_bytes, objective_rises, status. Seconds are of training only.
    curve : mapping
        Columns sweep, seconds, objective, train, test of equal length;
        for a baseline a sweep is an evaluation, the objective its mean
        loss, and train is empty of numbers. Of a run of the solver also
        subgradient and step (the norms that certify it), and from the
        authors' start logged, the objective as they print it.
    certificate : mapping or None
        Of :class:`nnbcd.Certificate`, with ``holds``; None for a baseline.
    history : mapping or None
        What :meth:`nnbcd.History.from_json` reads; None for a baseline and
        in a compact record.
    """

    experiment: str
    run: str
    method: str
    seed: int
    quick: bool
    settings: Mapping[str, Any] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    environment: Mapping[str, Any] = field(repr=False)
    result: Mapping[str, Any] = field(repr=False)
    curve: Mapping[str, list[Any]] = field(repr=False)
    certificate: Mapping[str, Any] | None = field(default=None, repr=False)
    history: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def verdict(self) -> str:
        """What the certificate says of the run; a key of ``VERDICTS``.

        ``holds`` needs H1 and H2. Where no subgradient was recorded, as
        under the coupling ``consistent``, or in fewer than 20 sweeps, H2 is
        not judged: then ``H1``.
        """
        if self.certificate is None:
            return ""
        seen = self.certificate
        descends = seen["monotone"] and seen["sufficient_decrease"]
        if not (descends and seen["moved"]) or seen["bounded_b"] is False:
            return "NO"
        # Without a word on standstills the record is older than that test.
        told = "standstill" in seen and seen["moved"] >= LEAST
        judged = told and seen["bounded_b"]
        return "holds" if judged else "H1"

    @property
    def arm(self) -> str:
        """The run without its seed."""
        return self.run.rpartition("-seed")[0]

    def certified(self) -> History:
        """The history, for :func:`nnbcd.certificate.certify`.

        Raises
        ------
        ValueError
            If the record has none.
        """
        if self.history is None:
            msg = f"the record of {self.run} has no history of sweeps."
            raise ValueError(msg)
        return History.from_json(json.dumps(self.history))

    def compact(self) -> RunRecord:
        """A few kilobytes: no history, 60 sweeps of the curve, five digits.

        The objective as the authors print it keeps ten.
        """
        count = len(self.curve["sweep"])
        kept = _spread(count, POINTS)
        curve = {
            name: [_rounded(column[k], _DIGITS.get(name, 5)) for k in kept]
            for name, column in self.curve.items()
        }
        result = {k: _rounded(v) for k, v in self.result.items()}
        return replace(self, curve=curve, result=result, history=None)

    def write(self, path: str | Path) -> Path:
        """Write as JSON, whole or not at all.

        Parameters
        ----------
        path : str or Path
            A file, replaced if it exists; its folder is made.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        text = json.dumps({"schema": SCHEMA} | asdict(self))
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
        return path


def read(path: str | Path) -> RunRecord:
    """The record at ``path``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no record of this schema.
    """
    try:
        fields = json.loads(Path(path).read_text("utf-8"))
        if fields.pop("schema") != SCHEMA:
            raise KeyError(SCHEMA)
        return RunRecord(**fields)
    except (KeyError, TypeError, AttributeError, ValueError):
        msg = f"{path} is no record of a run ({SCHEMA})."
        raise ValueError(msg) from None


def stored(
    experiment: str, folder: str | Path | None = None
) -> list[RunRecord]:
    """The reference runs of an experiment, compact, sorted by run.

    Parameters
    ----------
    experiment : str
        As given to ``python -m nnbcd reproduce``.
    folder : str or Path, optional
        Where ``<experiment>/<run>.json`` lie. Default: the environment
        variable ``NNBCD_RUNS``, then the runs that come with the package.

    Raises
    ------
    FileNotFoundError
        If there is no record; the message says how to make one.
    """
    root = Path(__file__).parent / "runs"
    place = Path(folder or os.environ.get("NNBCD_RUNS") or root) / experiment
    records = [read(path) for path in sorted(place.glob("*.json"))]
    if not records:
        msg = (
            f"there is no record in {place}: make one by python -m nnbcd "
            f"reproduce {experiment} --compact {place.parent}"
        )
        raise FileNotFoundError(msg)
    return records


def _spread(count: int, points: int) -> list[int]:
    """Indices that thin a curve, spaced evenly in the logarithm.

    The first ten are all kept, where rounding would make them the same.
    """
    if count <= points:
        return list(range(count))
    first = min(10, points // 2)
    ratio = count / first
    more = (
        round(first * ratio ** (k / (points - first))) - 1
        for k in range(1, points - first + 1)
    )
    return sorted({*range(first), *more})


_DIGITS = {"logged": 10}


def _rounded(value: Any, digits: int = 5) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{digits}g}")
    return value
