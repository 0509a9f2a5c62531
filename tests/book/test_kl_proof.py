"""Breaking the solver breaks the chapter on the proof, at the right line."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from nnbcd import objective, subgradient
from nnbcd.explore.grid import read_table
from nnbcd.explore.kl_proof import SWEEPS, sides
from nnbcd.explore.kl_proof import __file__ as explorer
from nnbcd.explore.proof_runs import covered, drifting, wrong_sign

CHAPTER = Path(__file__).parents[2] / "book/kl_proof.ipynb"
faults = pytest.mark.faults


@pytest.fixture(scope="module")
def run():
    return covered(6)


def execute(until: str) -> None:
    """Run the chapter's cells up to the one that contains ``until``."""
    names: dict = {}
    notebook = json.loads(CHAPTER.read_text("utf-8"))
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code" or "skip-execution" in tags:
            continue
        source = "".join(cell["source"])
        exec(compile(source, CHAPTER.name, "exec"), names)
        if until in source:
            return
    raise LookupError(until)


@pytest.fixture
def no_window(monkeypatch):
    monkeypatch.setattr(plt, "show", plt.close)


def test_the_chapter_passes_with_the_solver_as_it_is(no_window, capsys):
    execute("line_6(run)")
    assert "Of the fall was promised" in capsys.readouterr().out


@faults
def test_a_wrong_sign_in_u_breaks_the_chapter(no_window):
    with wrong_sign(), pytest.raises(AssertionError, match="breaks"):
        execute("line_6(run)")


@faults
def test_a_wrong_sign_in_u_breaks_the_slopes_of_u_and_no_other():
    with wrong_sign():
        found = sides(covered(8))
    broken = {
        line
        for line, (left, right) in found.items()
        if (left > right + 1e-9 * np.abs(right).max()).any()
    }
    assert broken == {"6", "10", "14"}


@faults
def test_tt_svd_breaks_line_6_and_als_does_not():
    for g_step, good in (("svd", False), ("als", True), ("guarded", True)):
        left, right = sides(drifting(8, g_step))["6"]
        assert (left <= right + 1e-9).all() == good


def test_every_line_holds_on_the_covered_run(run):
    found = sides(run)
    for left, right in found.values():
        assert (left <= right + 1e-9 * np.abs(right).max()).all()
        assert (left > 0).any()


def test_the_numbers_stored_for_the_explorer_are_those_of_the_package():
    stored = read_table(explorer)
    for line, pair in sides(covered(SWEEPS)).items():
        for mine, theirs in zip(pair, stored[f"covered {line}"], strict=True):
            assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-6)


def test_what_is_recorded_is_what_happened(run):
    problem, states = run.problem, run.states
    assert run.phi == pytest.approx(
        [float(objective.value(problem, p)) for p in states]
    )
    last, before = states[-1], states[-2]
    moved = [
        b - a
        for name in ("w", "u", "v")
        for a, b in zip(
            getattr(before, name), getattr(last, name), strict=True
        )
    ] + [last.g[i].dense - before.g[i].dense for i in (0, 1)]
    length = torch.cat([x.reshape(-1) for x in moved]).norm()
    assert run.distances[-1] == pytest.approx(float(length))
    assert run.step("V", 2)[-1] == pytest.approx(
        float((last.v[1] - before.v[1]).norm())
    )
    assert (run.step("V", 0) == 0).all()
    slopes = run.slopes()
    total = sum(x[-1] ** 2 for x in slopes.values()) ** 0.5
    assert total == pytest.approx(float(subgradient.norm(problem, last)))
    assert run.weight_norm(3)[-1] == pytest.approx(
        float(torch.linalg.matrix_norm(last.w[2], 2))
    )
    assert run.split(2)[-1] == pytest.approx(
        float((last.w[1] - last.g[1].dense).norm())
    )
    half = last.u[1] - before.v[0] @ last.w[1].mT
    assert run.misfit(2)[-1] == pytest.approx(float(half.norm()))


def test_the_least_bond_is_that_of_the_unfoldings(run):
    dense = run.states[-1].g[1].dense
    values = [
        float(torch.linalg.svdvals(dense.reshape(rows, -1))[1])
        for rows in (4, 16, 64)
    ]
    assert run.least_bond(2)[-1] == pytest.approx(min(values))


def test_a_bias_is_part_of_the_input_and_of_the_distance():
    run = drifting(3, "als")
    v, w, b = (getattr(run.states[-1], name) for name in "vwb")
    ones = torch.ones(len(v[0]), 1, dtype=v[0].dtype)
    wide = torch.cat([v[0], ones], 1)
    assert run.input_norm(2)[-1] == pytest.approx(
        float(torch.linalg.matrix_norm(wide, 2))
    )
    gap = run.states[-1].u[1] - run.states[-2].v[0] @ w[1].mT - b[1]
    assert run.misfit(2)[-1] == pytest.approx(float(gap.norm()))
    assert (run.distances <= 8**0.5 * run.steps).all()
    moved = b[1] - run.states[-2].b[1]
    assert run.distances[-1] > float(moved.norm()) > 0
