"""Write the chapters as handouts: one set for students, one to teach from.

    python book/_tools/handouts.py [FOLDER]

``student`` has no solution, neither its text nor its code, and no cell tagged
``instructor``; the stubs of exercises stay, without output. ``instructor``
has everything. FOLDER is ``_build/handouts`` by default.
"""

from __future__ import annotations

import argparse
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from notebooks import BOOK, normalise

START, END, FENCE = ":::{solution-start}", ":::{solution-end}", ":::"


def student(notebook: Any) -> Any:
    """A copy without solutions, instructors' cells and stubs' outputs.

    Raises
    ------
    ValueError
        If a solution is opened and not closed.
    """
    copy = deepcopy(notebook)
    kept, inside = [], False
    for cell in copy.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source, inside = _outside(cell.source, inside)
            if not cell.source:
                continue
        elif inside or "exercise-solution" in tags:
            continue
        if "instructor" in tags:
            continue
        if "exercise-stub" in tags:
            cell.outputs, cell.execution_count = [], None
        kept.append(cell)
    if inside:
        msg = f"{START} without {END}."
        raise ValueError(msg)
    copy.cells = kept
    return normalise(copy)


def _outside(text: str, inside: bool) -> tuple[str, bool]:
    """The lines outside solutions, and whether the end is inside one."""
    lines, closing = [], False
    for line in text.splitlines():
        if line.startswith(START):
            inside = True
        elif line.startswith(END):
            inside, closing = False, True
        elif closing and line.strip() == FENCE:
            closing = False  # the fence that belongs to the end
        elif not inside:
            lines.append(line)
    return "\n".join(lines).strip(), inside


def write(folder: Path) -> list[Path]:
    """Write both sets of every chapter; return the files."""
    written = []
    for source in sorted(BOOK.glob("*.ipynb")):
        notebook = nbformat.read(source, as_version=4)
        for name, copy in (
            ("instructor", notebook),
            ("student", student(notebook)),
        ):
            target = folder / name / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(copy, target)
            written.append(target)
    return written


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = BOOK.parent / "_build" / "handouts"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    folder = parser.parse_args().folder
    written = write(folder)
    print(f"{len(written)} notebooks in {folder}")


if __name__ == "__main__":
    main()
