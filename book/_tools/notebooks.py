"""Turn the text of a chapter into its executed notebook, or back.

A chapter lives twice: as text that is pleasant to review in
``book/_src/NAME.md`` (MyST, as jupytext writes it), and as the executed
notebook ``book/NAME.ipynb`` that the site and Colab show.

    python book/_tools/notebooks.py write [NAME ...]   text -> notebook
    python book/_tools/notebooks.py pull [NAME ...]    notebook -> text

``write`` runs every cell from a fresh kernel and puts the notebook in place
in one step. Several chapters can be written at once: kernels share no port
and no history. A cell that fails is shown, and the old notebook stays.
Whoever edits the notebook in JupyterLab runs ``pull`` afterwards; a test says
when the two differ. Identifiers and metadata are normalised, so that diffs
show only changes.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from jupytext import myst
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

BOOK = Path(__file__).resolve().parents[1]
SOURCES = BOOK / "_src"
KEPT = ("tags", "mystnb")
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def normalise(notebook: Any) -> Any:
    """Keep what readers see; drop what only this run knows."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = sha256((cell.cell_type + cell.source).encode()).hexdigest()
        seen[digest] += 1
        copies = seen[digest]
        cell.id = digest[:12] + (f"-{copies}" if copies > 1 else "")
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in KEPT if k in cell.metadata}
        )
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def write(name: str) -> None:
    """Execute the text of one chapter into its notebook."""
    notebook = jupytext.read(SOURCES / f"{name}.md", fmt="md:myst")
    normalise(notebook)
    target = BOOK / f"{name}.ipynb"
    with tempfile.TemporaryDirectory(prefix="nnbcd-") as scratch:
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": str(BOOK)}},
        )
        manager = client.create_kernel_manager()
        if os.name == "posix":
            # Ports are chosen before they are taken: two kernels that start
            # together may choose the same. A file of one's own is safe.
            manager.connection_file = f"{scratch}/kernel.json"
            manager.transport = "ipc"
        threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        client.execute(env=os.environ | threads | {"IPYTHONDIR": scratch})
    fresh = target.with_suffix(f".{os.getpid()}.part")
    try:
        nbformat.write(normalise(notebook), fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def text(notebook: Any) -> str:
    """The notebook as MyST text, without outputs, as authors write it."""
    header = {"text_representation": {"extension": ".md"}}
    notebook.metadata["jupytext"] = header
    notebook.metadata["language_info"]["pygments_lexer"] = "ipython3"
    yaml.add_representer(str, _block, Dumper=myst.CompactDumper)
    written = str(jupytext.writes(notebook, fmt="md:myst"))
    # Versions of the tool would make every pull a change.
    return re.sub(r"(?m)^ +(?:format|jupytext)_version: .*\n", "", written)


def _block(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Captions of several lines in YAML's block style."""
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def pull(name: str) -> None:
    """Write the text of one chapter from its notebook."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    (SOURCES / f"{name}.md").write_text(text(notebook), "utf-8")


def main() -> int:
    """Command line: 0 when every chapter named was written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("direction", choices=("write", "pull"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    for name in arguments.names or sorted(p.stem for p in SOURCES.glob("*")):
        if not (SOURCES / f"{name}.md").is_file() and (
            arguments.direction == "write"
        ):
            print(f"notebooks: there is no {name}.md.", file=sys.stderr)
            return 1
        try:
            (write if arguments.direction == "write" else pull)(name)
        except CellExecutionError as error:
            print(f"notebooks: {name}.md: {error}", file=sys.stderr)
            return 1
        print(f"{arguments.direction}: {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
