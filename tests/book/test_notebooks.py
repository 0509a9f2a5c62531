"""What every notebook of the book must have, without running it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from pages import contents

ROOT = Path(__file__).parents[2]
# A chapter that is still being written is not in the contents, nor here.
NOTEBOOKS = [
    path for page in contents() if (path := ROOT / f"{page}.ipynb").is_file()
]
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
each_chapter = pytest.mark.parametrize(
    "path",
    [p for p in NOTEBOOKS if p.stem not in GUIDES],
    ids=lambda p: p.stem,
)


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


def section(path: Path, heading: str) -> list[dict]:
    """The code cells below a heading of the frame."""
    found, inside = [], False
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            found += [cell] if inside else []
            continue
        for line in source(cell).splitlines():
            if line.startswith("## "):
                inside = line.removeprefix("## ").strip() == heading
    return found


def printed(cell: dict) -> str:
    return "".join("".join(o.get("text", "")) for o in cell["outputs"])


def checked(path: Path, tag: str) -> dict[str, dict]:
    """Cells with a tag, by the exercise that each hands to `check`."""
    found = {}
    for cell in cells(path, "code"):
        if tag in tags(cell):
            (name,) = re.findall(r'^check\("([\w.]+)", ', source(cell), re.M)
            found[name] = cell
    return found


def test_the_notebooks_are_those_of_the_table_of_contents() -> None:
    named = set(contents())
    found = {f"book/{p.stem}" for p in ROOT.glob("book/*.ipynb")}
    assert found
    assert found <= named
    for page in named - found:
        assert (ROOT / f"{page}.md").is_file()


def test_the_front_page_lists_every_page() -> None:
    root, *pages = contents()
    front = (ROOT / f"{root}.md").read_text("utf-8")
    linked = re.findall(r"^\[[^\]]+\]\((\w+)\.\w+\)$", front, re.MULTILINE)
    assert [f"book/{name}" for name in linked] == pages


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


@each_chapter
def test_chapters_have_the_frame_in_order(path: Path) -> None:
    found = [h for h in headings(path) if h in FRAME]
    assert found == list(FRAME)


@each_chapter
def test_chapters_have_three_exercises_with_solutions(path: Path) -> None:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    exercises = re.findall(r"\{exercise\}.*\n:label: (\S+)", text)
    solutions = re.findall(r"\{solution-start\} (\S+)", text)
    assert len(exercises) >= 3
    assert exercises == solutions


@each_chapter
def test_chapters_have_stubs_and_solutions_that_are_checked(
    path: Path,
) -> None:
    stubs = checked(path, "exercise-stub")
    solutions = checked(path, "exercise-solution")
    assert len(stubs) >= 2
    assert list(stubs) == list(solutions)
    for name, stub in stubs.items():
        assert name.startswith(f"{path.stem}.")
        assert source(stub).rstrip().splitlines()[-1].startswith("check(")
        assert printed(stub).startswith("Not yet: ")
        assert printed(solutions[name]).startswith("Right: ")


@each_chapter
def test_stubs_stand_between_exercise_and_solution(path: Path) -> None:
    inside = None
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for word in re.findall(
                r"^:::\{(exercise|solution-start|solution-end)\}",
                source(cell),
                re.MULTILINE,
            ):
                inside = word
        elif "exercise-stub" in tags(cell):
            assert inside == "exercise", source(cell)
        elif "exercise-solution" in tags(cell):
            assert inside == "solution-start", source(cell)


@each_chapter
def test_chapters_have_an_explorer_with_a_goal(path: Path) -> None:
    shown = [
        "".join(output["data"].get("text/html", ""))
        for cell in section(path, "Explorer")
        for output in cell["outputs"]
        if "data" in output
    ]
    (html,) = [text for text in shown if "data-explorer=" in text]
    assert '<p class="nnbcd-goal">' in html


@each_chapter
def test_the_check_section_asserts(path: Path) -> None:
    code = [source(c) for c in section(path, "Check")]
    assert any(re.search(r"^\s*assert ", c, re.MULTILINE) for c in code)


@each_chapter
def test_from_scratch_is_short(path: Path) -> None:
    first = section(path, "From scratch")[0]
    lines = [line for line in source(first).splitlines() if line.strip()]
    assert len(lines) <= 30


@each_chapter
def test_the_box_tells_paper_code_and_book_apart(path: Path) -> None:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    _, _, rest = text.partition("## In the paper, in the released code, here")
    box = rest.partition("\n## ")[0]
    assert ":::{admonition}" in box
    for words in ("**In the paper", "**In the released code", "**Here"):
        assert words in box


@each
def test_citations_exist(path: Path) -> None:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    known = re.findall(
        r"^@\w+\{([^,]+),",
        (ROOT / "book/references.bib").read_text("utf-8"),
        re.MULTILINE,
    )
    cited = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    for keys in cited:
        for key in keys.split(","):
            assert key.strip() in known
    if path.stem not in GUIDES:
        assert "{cite" in text.partition("\n## References")[2]


@each
def test_statements_are_proved(path: Path) -> None:
    text = "\n".join(source(c) for c in cells(path, "markdown"))
    stated = re.findall(
        r"\{prf:(?:theorem|proposition|corollary|lemma)\}", text
    )
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
