"""Results on disk: one JSON file a benchmark, one entry a row.

Every row carries its own provenance, so that a run of a few rows may update
a file without the others claiming its date.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nnbcd.commands.info import environment
from nnbcd.experiments.environment import device_name, git_answer

__all__ = ["RESULTS", "provenance", "save"]

RESULTS = Path(__file__).resolve().parent / "results"


def provenance(device: str = "cpu") -> dict[str, object]:
    """Commit, date, device, load and versions of a measurement.

    Parameters
    ----------
    device : str
        cpu, cuda, cuda:1, ...
    """
    return {
        "commit": git_answer("rev-parse", "HEAD"),
        "changed_since": _changed(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "device": device_name(device),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        **environment(),
    }


def save(path: Path, row: Mapping[str, Any]) -> None:
    """Put ``row`` into the file at ``path``, in place of its namesake.

    Parameters
    ----------
    path : Path
        A file of rows, made if it does not exist.
    row : mapping
        With a ``name``.
    """
    rows: list[Any] = []
    if path.is_file():
        rows = json.loads(path.read_text("utf-8"))["rows"]
    names = [old["name"] for old in rows]
    if row["name"] in names:
        rows[names.index(row["name"])] = dict(row)
    else:
        rows.append(dict(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"rows": rows}, indent=1) + "\n", "utf-8")
    part.replace(path)  # a run that is stopped leaves a whole file


def _changed() -> bool:
    """True if the code that ran is not that of the commit."""
    lines = git_answer("status", "--porcelain", "--", "nnbcd", "benchmarks")
    return any(x.endswith(".py") for x in (lines or "").splitlines())
