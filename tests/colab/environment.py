"""A stand-in for Google Colab: its versions, and nothing of this repository.

The environment lies outside the repository, in ``nnbcd-colab`` of the user's
cache, under a name made of what is installed: a second run finds it there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# What a machine of Colab does not inherit from this one.
OURS = ("PYTHON", "VIRTUAL_ENV", "NNBCD_", "JUPYTER", "IPYTHON", "PYTEST")


def cache() -> Path:
    """Where environments are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "nnbcd-colab"


def pinned_torch() -> str:
    """The version of torch that constraints.txt pins."""
    pins = (ROOT / "constraints.txt").read_text("utf-8")
    (version,) = re.findall(r"^torch==([\w.]+)", pins, re.MULTILINE)
    return str(version)


@dataclass(frozen=True)
class Colab:
    """An environment with Colab's versions.

    Parameters
    ----------
    python : str
        The interpreter it is made with; Colab's own is 3.13.
    torch : str
        The version of torch.
    """

    python: str
    torch: str

    @property
    def needs(self) -> str:
        """The requirements, as pip reads them."""
        listed = (HERE / "requirements.txt").read_text("utf-8")
        return f"{listed}torch=={self.torch}\n"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        who = "import sys; print(sys.version, sys.base_prefix)"
        made = subprocess.run(
            [self.python, "-c", who], capture_output=True, text=True
        )
        if made.returncode:
            msg = f"{self.python} does not run: name an interpreter."
            raise SystemExit(msg)
        digest = sha256((self.needs + made.stdout).encode()).hexdigest()
        return cache() / digest[:12]

    def ready(self) -> Path:
        """Make it, unless it is there; return its interpreter."""
        folder = self.folder
        python = folder / "bin" / "python"
        done = folder / "installed.txt"
        cache().mkdir(parents=True, exist_ok=True)
        with FileLock(cache() / "lock"):
            if done.is_file():
                return python
            print(f"colab: installing into {folder}", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            make = [self.python, "-m", "venv", str(folder)]
            subprocess.run(make, check=True)
            wanted = folder / "requirements.txt"
            wanted.write_text(self.needs, "utf-8")
            pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
            install = ["install", "-q", "--prefer-binary", "-r", str(wanted)]
            subprocess.run([*pip, *install], check=True)
            wanted.replace(done)
        return python


def layer(python: Path, scratch: Path) -> Path:
    """An environment on top of another, for one notebook; its interpreter.

    What the first cell installs goes there, so that notebooks can run side
    by side and none finds what another has installed.
    """
    folder = scratch / "environment"
    make = [str(python), "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(make, check=True)
    (below,) = python.parents[1].glob("lib/python*/site-packages")
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "colab.pth").write_text(f"{below}\n", "utf-8")
    return folder / "bin" / "python"


def settings(python: Path, scratch: Path, source: str) -> dict[str, str]:
    """The environment variables of one kernel."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    home = Path(kept.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {
        "PIP_CACHE_DIR": str(home / "pip"),
        **kept,
        "PATH": f"{python.parent}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(HERE / "fake"),
        "PYTHONNOUSERSITE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "MPLCONFIGDIR": str(cache() / "matplotlib"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "NNBCD_SOURCE": source,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
