"""Run the chapters as Google Colab would: alone, from the first cell on.

    python tests/colab/simulate.py [CHAPTER ...] [--source SOURCE]

Each notebook of the last commit lies alone in an empty folder, with Colab's
versions and no repository around it; its first cell installs nnbcd from that
commit (or from SOURCE, a wheel, say). ``live`` is one more: every explorer
as widgets, moved. Prints a table; exits 1 when a cell failed or warned.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from environment import HERE, ROOT, Colab, layer, pinned_torch, settings
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

LIVE = "live"
VERSIONS = ("torch", "numpy", "scipy", "matplotlib", "ipywidgets")


@dataclass(frozen=True)
class Job:
    """A notebook, the interpreter that runs it, what its cell installs."""

    name: str
    python: Path
    source: str


@dataclass(frozen=True)
class Outcome:
    """How a notebook fared; no error is an empty one."""

    name: str
    source: str
    seconds: float
    error: str


def git(*words: str) -> str:
    """What git says about this repository."""
    command = ["git", "-C", str(ROOT), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def chapters() -> list[str]:
    """Every notebook of the last commit."""
    names = git("ls-tree", "--name-only", "HEAD", "book/").split()
    return [Path(n).stem for n in names if n.endswith(".ipynb")]


@contextmanager
def commit() -> Iterator[str]:
    """The last commit as something pip installs: a bare clone of it."""
    with tempfile.TemporaryDirectory(prefix="nnbcd-") as folder:
        bare = f"{folder}/nnbcd.git"
        git("clone", "-q", "--bare", str(ROOT), bare)
        yield f"git+file://{bare}@{git('rev-parse', 'HEAD').strip()}"


def notebook(name: str, where: Path) -> Any:
    """A chapter as committed, without outputs, and a cell that looks back."""
    stem = "reading" if name == LIVE else name
    text = git("show", f"HEAD:book/{stem}.ipynb")
    made = nbformat.reads(text, as_version=4)
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    if name == LIVE:
        check = (HERE / "live_check.py").read_text("utf-8")
        cell = f"{check}\n\nawait check()"
        made.cells = [code[0], nbformat.v4.new_code_cell(cell)]
    look = f"import nnbcd\nassert nnbcd.__file__.startswith({str(where)!r})"
    made.cells.append(nbformat.v4.new_code_cell(look))
    return made


def kernel(python: Path, scratch: Path) -> KernelManager:
    """A kernel of another interpreter, which talks through files."""
    # The debugger would warn of frozen modules otherwise.
    quiet = ["-X", "frozen_modules=off"]
    launch = [str(python), *quiet, "-m", "ipykernel_launcher", "-f"]
    spec = {
        "argv": [*launch, "{connection_file}"],
        "display_name": "Colab",
        "language": "python",
    }
    (scratch / "kernels" / "colab").mkdir(parents=True)
    where = scratch / "kernels" / "colab" / "kernel.json"
    where.write_text(json.dumps(spec), "utf-8")
    found = KernelSpecManager(
        kernel_dirs=[str(scratch / "kernels")], ensure_native_kernel=False
    )
    manager = KernelManager(kernel_name="colab", kernel_spec_manager=found)
    if os.name == "posix":
        manager.transport = "ipc"
        manager.connection_file = str(scratch / "kernel.json")
    return manager


def run(job: Job) -> Outcome:
    """Execute one notebook in an empty folder."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="nnbcd-") as folder:
        scratch = Path(folder)
        content = scratch / "content"
        content.mkdir()
        python = layer(job.python, scratch)
        made = notebook(job.name, python.parents[1])
        manager = kernel(python, scratch)
        client = NotebookClient(
            made,
            km=manager,
            timeout=300,
            skip_cells_with_tag="",  # the first cell is run here
            resources={"metadata": {"path": str(content)}},
        )
        try:
            client.execute(env=settings(python, scratch, job.source))
            told = warned(made)
        except (CellControlSignal, DeadKernelError) as error:
            told = f"{installed(made)}\n{error}"
        finally:
            manager.shutdown_kernel(now=True)
    return Outcome(
        job.name,
        job.source,
        time.perf_counter() - start,
        re.sub("\x1b\\[[\\d;]*m", "", told),
    )


def installed(made: Any) -> str:
    """What the first cell said."""
    first = next(c for c in made.cells if c.cell_type == "code")
    return "".join(o.get("text", "") for o in first.outputs)


def warned(made: Any) -> str:
    """What went to the reader's stderr: a warning counts as an error."""
    outputs = (o for c in made.cells for o in c.get("outputs", ()))
    return "".join(o.text for o in outputs if o.get("name") == "stderr")


def run_all(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs, `workers` at a time."""
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(run, jobs)


def versions(python: Path) -> str:
    """What the environment holds, in one line."""
    ask = (
        "import sys; from importlib.metadata import version;"
        "print('Python', sys.version.split()[0], *("
        f"f'{{n}} {{version(n)}}' for n in {VERSIONS}), sep=', ')"
    )
    done = subprocess.run(
        [python, "-c", ask], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().replace("Python, ", "Python ")


def main() -> int:
    """Command line: 0 when every notebook ran to its end."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="CHAPTER")
    parser.add_argument("--source", help="what the first cell installs")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--torch", default=pinned_torch())
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1)
    )
    said = parser.parse_args()
    names = said.names or [*chapters(), LIVE]
    unknown = set(names) - {*chapters(), LIVE}
    if unknown:
        parser.error(f"no chapter {', '.join(sorted(unknown))}")
    python = Colab(said.python, said.torch).ready()
    print(versions(python))
    if git("status", "--porcelain", "--", "book", "nnbcd"):
        print("The last commit is run; what is not committed is not seen.")
    failed = []
    with commit() as here:
        source = said.source or here
        jobs = [Job(name, python, source) for name in names]
        print(f"\n{'notebook':<20}{'seconds':>9}  ok")
        for outcome in run_all(jobs, said.jobs):
            ok = "no" if outcome.error else "yes"
            print(
                f"{outcome.name:<20}{outcome.seconds:9.1f}  {ok}", flush=True
            )
            failed += [outcome] if outcome.error else []
    for outcome in failed:
        print(f"\n{outcome.name}: {outcome.error}")
    ran = len(names) - len(failed)
    print(f"\n{ran} of {len(names)} notebooks ran from end to end.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
