"""Where and when a run was made."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import torch

from nnbcd.commands.info import environment

__all__ = ["device_name", "git_answer", "provenance"]

ROOT = Path(__file__).resolve().parents[2]


def provenance(device: str | None, dtype: str) -> dict[str, object]:
    """Commit, date, device, threads and versions.

    Parameters
    ----------
    device : str or None
        cpu, cuda, cuda:1, ...; None: the CPU.
    dtype : str
        The precision of the run.
    """
    return {
        "commit": git_answer("rev-parse", "HEAD"),
        "changed_since": bool(
            git_answer("status", "--porcelain", "--", "nnbcd")
        ),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "device": device_name(device or "cpu"),
        "cores": os.cpu_count(),
        "dtype": dtype,
        **environment(),
    }


def device_name(device: str) -> str:
    """The model of the processor or of the GPU.

    Parameters
    ----------
    device : str
        cpu, cuda, cuda:1, ...
    """
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    models = [x for x in text.splitlines() if x.startswith("model name")]
    return models[0].split(":", 1)[1].strip() if models else "cpu"


def git_answer(*words: str) -> str | None:
    """What git answers in the clone that holds the package, or None.

    Parameters
    ----------
    words : str
        The command without ``git``.
    """
    if not (ROOT / ".git").exists():
        return None
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
