"""The chapter on paper and code: its links, its runs, its stored numbers."""

import re
from pathlib import Path

import pytest
import torch

from nnbcd import Dense, Network, Penalties, Solver, TensorTrain, objective
from nnbcd.datasets import digits
from nnbcd.explore import paper_code, read_table
from nnbcd.explore.two_records import moves, printed, trace

ROOT = Path(__file__).parents[2]
LINK = r"\(https://\S+/blob/main/(tests/\S+\.py) \"(test_\w+)\"\)"


def test_every_row_of_the_table_names_a_test_that_exists():
    text = (ROOT / "book/_src/paper_code.md").read_text("utf-8")
    table = text[text.index("| The paper |") :].split("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(rows) == 12
    for row in rows:
        links = re.findall(LINK, row)
        assert links, row
        for path, name in links:
            code = (ROOT / path).read_text("utf-8")
            assert re.search(rf"^def {name}\(", code, re.MULTILINE), name


@pytest.fixture
def small():
    """300 digits, a compressed layer and a free one, after two sweeps."""
    layers = [Dense(16, structure=TensorTrain(2)), Dense(10)]
    weights = Penalties(gamma=0.5, rho=0.7, tau=1.0, alpha=1.0)
    solver = Solver(weights, coupling="penalty", certify=False)
    data = digits()
    problem = solver.problem(
        Network(64, layers), data.x_train[:300], data.y_train[:300]
    )
    state = solver.init(problem, seed=0)
    for number in (1, 2):
        state, _ = solver.step(problem, state, number)
    return solver, problem, state


def test_moves_are_the_blocks_of_the_solver(small):
    solver, problem, state = small
    ours = list(moves(problem, state))
    theirs = list(solver.blocks(problem, state))
    for (name, mine), (other, record) in zip(ours, theirs, strict=True):
        assert name == f"{record.block}{record.layer}"
        for a, b in ((mine.u, other.u), (mine.v, other.v), (mine.w, other.w)):
            torch.testing.assert_close(a, b)


def test_in_place_the_copy_is_the_weight(small):
    _, problem, state = small
    *_, (name, after) = moves(problem, state, in_place=True)
    assert name == "G1"
    assert after.g[0].dense is after.w[0]


def test_what_is_printed_term_by_term(small):
    _, problem, state = small
    v, u, w, b = state.v, state.u, state.w, state.b
    loss = (v[1] - problem.y).square().sum()
    gaps = (v[1] - u[1]).square().sum()
    gaps += (v[0] - torch.relu(u[0])).square().sum()
    affine = (u[0] - problem.x @ w[0].T - b[0]).square().sum()
    affine += (u[1] - v[0] @ w[1].T - b[1]).square().sum()
    pull = (w[0] - state.g[0].dense).square().sum()
    told = 0.25 * (loss + gaps) + 0.35 * affine + 0.5 * pull
    assert printed(problem, state) == pytest.approx(float(told), rel=1e-12)
    descended = float(objective.value(problem, state))
    assert descended == pytest.approx(float(told + 0.25 * loss), rel=1e-12)


def test_the_stored_numbers_are_those_of_the_package():
    table = read_table(paper_code.__file__)
    for kind in ("train, TT-SVD", "zeros, cut in place"):
        points = trace(kind, 0.5, 3)
        stored = table[f"{kind}, 0.5"]["3"]
        for before, after, row in zip(
            points[22:], points[23:], stored, strict=False
        ):
            assert row[0] == after[0]
            for k in (1, 2):
                change = after[k] / before[k] - 1
                assert row[k] == pytest.approx(change, rel=1e-3, abs=1e-12)


def test_only_gamma_below_one_parts_the_two_records():
    table = read_table(paper_code.__file__)
    for name, run in table.items():
        phi, told = run["rises"]
        gamma = float(name.rsplit(", ", 1)[1])
        assert (told > phi) == (gamma < 1)
        assert (phi > 0) == ("SVD" in name or "place" in name)
