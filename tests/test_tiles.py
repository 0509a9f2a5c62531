"""Rows in tiles: the same numbers as all rows at once."""

from dataclasses import replace

import pytest
import torch
from cases import CASES, LOSSES, STRUCTURES
from problems import build, make, random_state

from nnbcd import objective, tiles
from nnbcd.blocks import u as u_block
from nnbcd.blocks import v as v_block
from nnbcd.blocks import w as w_block
from nnbcd.subgradient import norm, squares, subgradient
from nnbcd.sweep import sweep

every = pytest.mark.parametrize("case", CASES)
SMALL = 4  # rows of a tile: most problems here have 9


@pytest.fixture
def small(monkeypatch):
    """A switch to tiles of few rows."""

    def on(rows=SMALL):
        monkeypatch.setattr(tiles, "ROWS", rows)
        monkeypatch.setattr(tiles, "ENTRIES", rows)

    return on


def near(found, wanted, message=None):
    """Equal to 1e-12 of the whole block."""
    scale = float(wanted.abs().max()) if wanted.numel() else 0.0
    torch.testing.assert_close(
        found, wanted, rtol=0, atol=1e-12 * scale + 1e-300, msg=message
    )


def fresh(problem, state):
    """The subgradient by its definition, nothing kept, nothing in tiles."""
    state = replace(state, affine=(None,) * problem.depth)
    out, last = {}, problem.depth - 1
    for i, weights in enumerate(problem.layers):
        sigma = problem.network.activations[i]
        u, v = state.u[i], state.v[i]
        gap = objective.affine_image(problem, state, i) - u
        rest = weights.gamma * (v - sigma(u))
        if i == last:
            out[f"V[{i + 1}]"] = problem.loss.subgradient(v, problem.y, rest)
        else:
            above = objective.affine_image(problem, state, i + 1)
            back = problem.maps[i + 1].transpose(
                above - state.u[i + 1], state.w[i + 1]
            )
            out[f"V[{i + 1}]"] = rest + problem.layers[i + 1].rho * back
        left, right = sigma.slopes(u)
        both = [-rest * s - weights.rho * gap for s in (left, right)]
        inside = torch.stack([*both, torch.zeros_like(u)]).median(0).values
        nearer = torch.where(both[0].abs() < both[1].abs(), *both)
        out[f"U[{i + 1}]"] = torch.where(both[0] <= both[1], inside, nearer)
        a = problem.maps[i].rows(objective.features(problem, state, i))
        if state.b[i] is not None:
            a = torch.cat([a, a.new_ones(len(a), 1)], dim=1)
        slope = weights.rho * (problem.maps[i].outputs(gap).mT @ a)
        p = state.w[i].shape[1]
        slope[:, :p] += weights.ridge * state.w[i]
        g, structure = state.g[i], problem.network.structures[i]
        if problem.has_copy(i):
            away = weights.tau * (state.w[i] - g.dense)
            slope[:, :p] += away
            out[f"G[{i + 1}]"] = structure.tangent(-away, g)
        elif g is not None:
            along = structure.tangent(slope[:, :p], g).reshape(-1)
            slope = torch.cat([along, slope[:, p:].reshape(-1)])
        out[f"W[{i + 1}]"] = slope
    return out


def compare(problem, state):
    found, wanted = subgradient(problem, state), fresh(problem, state)
    assert found.keys() == wanted.keys()
    whole = sum(float(x.square().sum()) for x in wanted.values())
    for name, value in found.items():
        near(value, wanted[name], name)
    for name, square in squares(problem, state).items():
        exact = float(wanted[name].square().sum())
        assert float(square) == pytest.approx(exact, rel=1e-11), name
    assert float(norm(problem, state)) == pytest.approx(whole**0.5, rel=1e-12)


@every
def test_the_subgradient_is_that_of_its_definition(case, small):
    problem, state = build(case)
    compare(problem, state)
    small()
    compare(problem, state)


@pytest.mark.parametrize("coupling", ["penalty", "constraint"])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("bias", [True, False])
def test_what_a_sweep_leaves_behind_serves_the_subgradient(
    coupling, structure, bias, small
):
    """Images kept from the sweep, and rows in files: the same numbers."""
    small()
    for seed, loss in enumerate(LOSSES):
        settings = {
            "structure": structure,
            "loss": loss,
            "bias": bias,
            "n": 23,
            "seed": seed,
            "coupling": coupling,
        }
        solver, problem = make(**settings)
        state = solver.init(problem, seed=seed)
        for number in (1, 2, 3):
            state, record = solver.step(problem, state, number)
            assert None not in state.affine
            wanted = fresh(problem, state)
            total = sum(float(x.square().sum()) for x in wanted.values())
            assert record.subgradient == pytest.approx(
                total**0.5, rel=1e-12
            ), (loss, number)
        _, pieces = make(**settings, chunk_rows=10)
        for name, value in subgradient(pieces, state).items():
            near(value, wanted[name], name)


@every
def test_a_sweep_in_tiles_is_the_sweep(case, small):
    problem, state = build(case)
    whole = list(sweep(problem, state))
    small()
    parts = list(sweep(problem, state))
    for (one, x), (two, y) in zip(whole, parts, strict=True):
        for name in ("after", "squared_step", "guaranteed"):
            a, b = getattr(x, name), getattr(y, name)
            torch.testing.assert_close(
                b, a, rtol=1e-11, atol=1e-13 * float(x.before)
            )
        for name in ("w", "u", "v"):
            for a, b in zip(
                getattr(one, name), getattr(two, name), strict=True
            ):
                torch.testing.assert_close(b, a, rtol=1e-9, atol=1e-11)


@every
def test_blocks_and_terms_do_not_depend_on_the_tiles(case, small):
    problem, state = build(case)

    def told():
        out = dict(objective.terms(problem, state))
        for i in range(problem.depth):
            out[f"u{i}"] = u_block.update(problem, state, i)
            out[f"v{i}"] = v_block.update(problem, state, i)
            data = w_block.regression(problem, state, i)
            out[f"r{i}"], out[f"g{i}"] = data.residual, data.gram
        return out

    whole = told()
    small(1)
    for name, value in told().items():
        torch.testing.assert_close(
            value, whole[name], rtol=1e-11, atol=1e-13, msg=name
        )


def test_tiles_cover_the_rows_and_the_widest_array_decides(small):
    small(3)
    x, wide = torch.zeros(8, 1), torch.zeros(8, 50)
    assert tiles.slices(x, wide) == [slice(0, 3), slice(3, 6), slice(6, 8)]
    assert tiles.slices(torch.zeros(0, 2)) == [slice(0, 0)]
    blocks, sums = tiles.go(
        lambda t: ((x[t] + 1,), (x[t].sum() + 1, wide[t].sum(0))), x, wide
    )
    assert torch.equal(blocks[0], x + 1)
    assert float(sums[0]) == 3
    assert torch.equal(sums[1], wide.sum(0))


def test_a_wide_tile_has_enough_rows_for_its_products():
    rows = [
        len(range(*t.indices(9000)))
        for t in tiles.slices(
            torch.empty(9000, 1024, device="meta").to("meta")
        )
    ]
    assert rows == [9000]  # not a CPU: all at once
    wide = torch.empty(2000, 1024)
    assert [t.stop for t in tiles.slices(wide)] == [512, 1024, 1536, 2000]
    assert tiles.slices(torch.empty(2000, 2)) == [slice(0, 2000)]


def test_random_states_have_kinks_where_it_matters():
    """The comparison above is not vacuous: u stands on kinks there."""
    problem, state = build("on-the-kinks")
    assert any(bool((u == 0).any()) for u in state.u[:-1])
    _, problem = make()
    assert not any(bool((u == 0).any()) for u in random_state(problem).u)
