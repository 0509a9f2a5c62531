"""Handouts: students get no solution, instructors get everything."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "book" / "_tools"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("handouts")
    command = [sys.executable, str(TOOLS / "handouts.py"), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def read(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def tagged(notebook, tag: str) -> list:
    return [c for c in notebook.cells if tag in c.metadata.get("tags", [])]


def everything(notebook) -> str:
    return "\n".join(c.source for c in notebook.cells)


def test_both_sets_hold_every_chapter(folder):
    names = {p.name for p in (ROOT / "book").glob("*.ipynb")}
    for kind in ("student", "instructor"):
        assert {p.name for p in (folder / kind).iterdir()} == names
        for name in names:
            read(folder / kind / name)


def test_the_instructor_has_everything(folder):
    ours = read(ROOT / "book" / "u_update.ipynb")
    assert everything(read(folder / "instructor/u_update.ipynb")) == (
        everything(ours)
    )


def test_the_student_has_no_solution(folder):
    full = read(ROOT / "book" / "u_update.ipynb")
    notebook = read(folder / "student" / "u_update.ipynb")
    text = everything(notebook)
    assert "solution-start" not in text
    assert "solution-end" not in text
    assert tagged(notebook, "exercise-solution") == []
    # the words and the code of a solution, and what surrounds it
    assert "The mirror image" in everything(full)
    assert "The mirror image" not in text
    assert "sign * np.maximum" not in text
    assert text.count("{exercise}") == everything(full).count("{exercise}")
    assert "## In the paper, in the released code, here" in text
    fences = [s for s in text.splitlines() if s.startswith(":::")]
    opened = [s for s in fences if s != ":::"]
    assert len(opened) == len(fences) - len(opened)


def test_stubs_stay_without_output(folder):
    full = read(ROOT / "book" / "u_update.ipynb")
    stubs = tagged(
        read(folder / "student" / "u_update.ipynb"), "exercise-stub"
    )
    assert [s.source for s in stubs] == [
        s.source for s in tagged(full, "exercise-stub")
    ]
    assert all(s.outputs == [] for s in stubs)


def test_cells_for_instructors_are_taken_out(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    from handouts import student

    new = nbformat.v4
    secret = new.new_code_cell("1", metadata={"tags": ["instructor"]})
    notebook = new.new_notebook(cells=[new.new_code_cell("2"), secret])
    assert [c.source for c in student(notebook).cells] == ["2"]
    assert len(notebook.cells) == 2
    open_end = new.new_markdown_cell(":::{solution-start} x\n:::\nText")
    with pytest.raises(ValueError, match="without"):
        student(new.new_notebook(cells=[open_end]))


def test_the_students_notebook_runs_and_says_not_yet(folder):
    client = pytest.importorskip("nbclient")
    notebook = read(folder / "student" / "u_update.ipynb")
    for cell in tagged(notebook, "skip-execution"):
        notebook.cells.remove(cell)
    # An error in a cell raises. Warnings of the kernel's own start are not
    # about this notebook.
    client.NotebookClient(notebook, timeout=300).execute()
    stubs = tagged(notebook, "exercise-stub")
    assert len(stubs) >= 2
    for stub in stubs:
        assert stub.outputs[0].text.startswith("Not yet: ")
