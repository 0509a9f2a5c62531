"""Results on disk: one JSON file a benchmark, one entry a row.

Every row carries its own provenance, so that a run of a few rows may update
a file without the others claiming its date.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from nnbcd.commands.info import environment

__all__ = ["RESULTS", "provenance", "save"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"


def provenance(device: str = "cpu") -> dict[str, object]:
    """Commit, date, device, load and versions of a measurement.

    Parameters
    ----------
    device : str
        cpu, cuda, cuda:1, ...
    """
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed_since": _changed(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "device": _device_name(device),
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


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    models = [x for x in text.splitlines() if x.startswith("model name")]
    return models[0].split(":", 1)[1].strip() if models else "cpu"


def _changed() -> bool:
    """True if the code that ran is not that of the commit."""
    lines = _git("status", "--porcelain", "--", "nnbcd", "benchmarks")
    return any(x.endswith(".py") for x in (lines or "").splitlines())


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
