"""What every notebook of the book must have, without running it."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("book/*.ipynb"))
GUIDES = {"reading"}  # not chapters: they have no frame
FRAME = (
    "Objectives and time",
    "A picture",
    "From scratch",
    "With nnbcd",
    "Check",
    "Explorer",
    "Exercises",
    "In the paper, in the released code, here",
    "References",
)
BOOTSTRAP_TAGS = {"nbval-skip", "skip-execution", "hide-input"}

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells(path: Path, kind: str) -> list[dict]:
    notebook = json.loads(path.read_text("utf-8"))
    return [c for c in notebook["cells"] if c["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def headings(path: Path) -> list[str]:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    return re.findall(r"^## (.+?)\s*$", text, re.MULTILINE)


def test_the_notebooks_are_those_of_the_table_of_contents() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    named = {toc["root"], *(c["file"] for c in toc["chapters"])}
    found = {f"book/{p.stem}" for p in NOTEBOOKS}
    assert found
    assert found <= named
    for page in named - found:
        assert (ROOT / f"{page}.md").is_file()


def test_the_front_page_lists_every_page() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    front = (ROOT / f"{toc['root']}.md").read_text("utf-8")
    linked = re.findall(r"^\[[^\]]+\]\((\w+)\.\w+\)$", front, re.MULTILINE)
    assert [f"book/{name}" for name in linked] == [
        chapter["file"] for chapter in toc["chapters"]
    ]


@each
def test_every_cell_was_run(path: Path) -> None:
    for cell in cells(path, "code"):
        if "skip-execution" in tags(cell):
            assert cell["outputs"] == []
        else:
            assert cell["execution_count"], source(cell)


@each
def test_cells_were_run_in_order_from_a_fresh_kernel(path: Path) -> None:
    run = [c for c in cells(path, "code") if "skip-execution" not in tags(c)]
    counts = [c["execution_count"] for c in run]
    assert counts == list(range(1, len(run) + 1))


@each
def test_no_error_and_no_warning_is_stored(path: Path) -> None:
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", output


@each
def test_code_fits_the_page(path: Path) -> None:
    for cell in cells(path, "code"):
        for line in source(cell).splitlines():
            assert len(line) <= 78, line


@each
def test_printed_lines_fit_the_page(path: Path) -> None:
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            for line in "".join(output.get("text", [])).splitlines():
                assert len(line) <= 78, line


@each
def test_figures_have_a_text_for_those_who_cannot_see_them(
    path: Path,
) -> None:
    for cell in cells(path, "code"):
        if any("image/png" in o.get("data", {}) for o in cell["outputs"]):
            render = cell["metadata"].get("mystnb", {})
            assert len(render.get("image", {}).get("alt", "")) >= 40


@each
def test_bootstrap_comes_first_and_is_skipped_elsewhere(path: Path) -> None:
    first, *others = cells(path, "code")
    assert tags(first) >= BOOTSTRAP_TAGS
    assert 'if "google.colab" in sys.modules:' in source(first)
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    url, branch = (config["repository"][k] for k in ("url", "branch"))
    assert f"git+{url}@{branch}" in source(first)
    for cell in others:
        assert not tags(cell) & BOOTSTRAP_TAGS


@each
def test_identifiers_and_metadata_are_normalised(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags", "mystnb"}


@each
def test_chapters_have_the_frame_in_order(path: Path) -> None:
    if path.stem in GUIDES:
        return
    found = [h for h in headings(path) if h in FRAME]
    assert found == list(FRAME)


@each
def test_chapters_have_three_exercises_with_solutions(path: Path) -> None:
    if path.stem in GUIDES:
        return
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    exercises = re.findall(r"\{exercise\}.*\n:label: (\S+)", text)
    solutions = re.findall(r"\{solution-start\} (\S+)", text)
    assert len(exercises) >= 3
    assert exercises == solutions


@each
def test_statements_are_proved(path: Path) -> None:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    stated = re.findall(r"\{prf:(?:theorem|proposition|corollary)\}", text)
    proofs = re.findall(r"\{prf:proof\}", text)
    assert len(proofs) == len(stated)


@each
def test_the_text_and_the_notebook_agree(path: Path) -> None:
    jupytext = pytest.importorskip("jupytext")
    text = jupytext.read(path.parent / "_src" / f"{path.stem}.md")
    book = json.loads(path.read_text("utf-8"))
    assert [(c.cell_type, c.source.strip()) for c in text.cells] == [
        (c["cell_type"], source(c).strip()) for c in book["cells"]
    ]
    assert [dict(c.metadata) for c in text.cells] == [
        c["metadata"] for c in book["cells"]
    ]
