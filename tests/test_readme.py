"""The README shows a program: it must run and print what it says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = dict(
    re.findall(r"^```(python|text)\n(.*?)^```$", README, re.M | re.S)
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def test_the_example_prints_what_the_readme_says():
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(BLOCKS["python"], "README.md", "exec"), {})
    shown, printed = BLOCKS["text"], output.getvalue()
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    # Another machine rounds differently; a test row or two may move.
    assert [float(n) for n in NUMBER.findall(printed)] == pytest.approx(
        [float(n) for n in NUMBER.findall(shown)], rel=0.02
    )


@pytest.mark.parametrize("page", ["README.md", "book/intro.md"])
def test_the_papers_method_ends_where_the_pages_say(page):
    text = " ".join((ROOT / page).read_text("utf-8").split())
    call = r'`Solver\(coupling="penalty", sweeps=20\)`'
    (said,) = re.findall(rf"{call}, ends at (0\.\d\d)", text)
    program = BLOCKS["python"].replace(
        "Solver(sweeps=20)", 'Solver(coupling="penalty", sweeps=20)'
    )
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(program, "README.md", "exec"), {})
    printed = float(NUMBER.findall(output.getvalue())[-1])
    assert printed == pytest.approx(float(said), abs=0.02)


def test_the_example_is_ten_lines_at_most():
    lines = BLOCKS["python"].splitlines()
    assert len([line for line in lines if line.strip()]) <= 10


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README)))
)
def test_link_leads_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "entry", re.findall(r"^    (\S+) {2,}\S", README, re.M)
)
def test_map_entry_exists(entry):
    assert (ROOT / entry).exists()


@pytest.mark.parametrize("target", re.findall(r"`make (\w+)", README))
def test_make_target_exists(target):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{target}:.*##", makefile, re.M)
