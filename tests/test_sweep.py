"""A whole sweep: order, records, caches, purity."""

from dataclasses import replace

import pytest
import torch
from cases import CASES
from problems import build, make, random_state, snapshot, unchanged

import nnbcd.sweep
from nnbcd import AscentError, Solver, State, objective
from nnbcd.blocks import g, u, v, w
from nnbcd.sweep import read, sweep

every = pytest.mark.parametrize("case", CASES)


def emptied(state):
    return replace(state, affine=(None,) * len(state.affine))


@every
def test_records_are_the_objective_at_every_yield(case):
    problem, state = build(case)
    before = float(objective.value(problem, state))
    for number in (1, 2):
        for after, update in sweep(problem, state):
            (record,) = read([update], number)
            scale = 1e-12 * before
            assert record.objective_before == pytest.approx(before, abs=scale)
            fresh = float(objective.value(problem, emptied(after)))
            cached = float(objective.value(problem, after))
            assert cached == pytest.approx(fresh, rel=1e-13)
            assert record.objective_after == pytest.approx(fresh, abs=scale)
            before, state = fresh, after


@every
def test_caches_are_right_or_empty(case):
    problem, state = build(case)
    for after, _ in sweep(problem, state):
        for i, cached in enumerate(after.affine):
            if cached is not None:
                fresh = objective.affine_image(problem, emptied(after), i)
                assert torch.equal(cached, fresh)
    # After a sweep all are there: the next one starts from them.
    assert None not in after.affine


@every
def test_each_block_is_the_update_with_the_newest_values(case):
    """The loop by hand, without a ledger or a cache, gives the same."""
    problem, state = build(case)
    mine, order = state, []
    for i in reversed(range(problem.depth)):
        mine = emptied(mine).put(i, v=v.update(problem, emptied(mine), i))
        mine = mine.put(i, u=u.update(problem, mine, i))
        new_w, new_b = w.update(problem, mine, i)
        mine = mine.put(i, w=new_w, b=new_b)
        order += [(i, "V"), (i, "U"), (i, "W")]
        if mine.g[i] is not None:
            mine = mine.put(i, g=g.update(problem, mine, i)[0])
            order.append((i, "G"))
    steps = list(sweep(problem, state))
    assert [(x.layer, x.block) for _, x in steps] == order
    last = steps[-1][0]
    for name in ("u", "v", "w"):
        for a, b in zip(
            getattr(last, name), getattr(mine, name), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    for a, b in zip(last.g, mine.g, strict=True):
        if a is not None:
            torch.testing.assert_close(
                a.dense, b.dense, rtol=1e-9, atol=1e-11
            )


@every
def test_a_sweep_changes_nothing_it_was_given(case):
    problem, state = build(case)
    before = snapshot(problem, state)
    states = [state, *(after for after, _ in sweep(problem, state))]
    assert unchanged(before, problem, state)
    # What a block did not touch is shared, what it made is new memory.
    for (old, new), (_, update) in zip(
        zip(states, states[1:], strict=False),
        sweep(problem, state),
        strict=True,
    ):
        name = update.block.lower()
        for field in ("u", "v", "w"):
            for i in range(problem.depth):
                a, b = getattr(old, field)[i], getattr(new, field)[i]
                touched = field == name and i == update.layer
                assert (a is b) == (not touched)
                if touched:
                    assert a.data_ptr() != b.data_ptr()


@every
def test_step_norms_and_guarantees_are_those_of_the_states(case):
    problem, state = build(case)
    for after, update in sweep(problem, state):
        i, name = update.layer, update.block.lower()
        if name == "g":
            if problem.network.structures[i].exact:
                step = after.g[i].dense - state.g[i].dense
                squared = step.square().sum()
                torch.testing.assert_close(update.squared_step, squared)
                wanted = g.guarantee(problem, i) * squared
                torch.testing.assert_close(update.guaranteed, wanted)
        else:
            step = getattr(after, name)[i] - getattr(state, name)[i]
            squared = step.square().sum()
            if name == "w" and state.b[i] is not None:
                squared = squared + (after.b[i] - state.b[i]).square().sum()
            torch.testing.assert_close(update.squared_step, squared)
            if name != "w":
                modulus = {"u": u, "v": v}[name].guarantee(problem, i)
                torch.testing.assert_close(
                    update.guaranteed, modulus * squared
                )
        state = after


@every
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_block_rises_and_every_slack_holds(case, dtype):
    problem, state = build(case, dtype)
    limit = 1e-10 if dtype == "float64" else 1e-5
    for number in range(1, 6):
        for after, update in sweep(problem, state):
            (record,) = read([update], number)
            room = -limit * record.objective_before
            assert record.decrease >= room, record
            assert record.slack >= room, record
            state = after


def test_a_fixed_point_stays():
    """Data and weights that fit exactly: every step is zero."""
    _, problem = make(widths=(3, 4, 2), structure="sparse")
    state = random_state(problem)
    w = tuple(
        x if y is None else y.dense
        for x, y in zip(state.w, state.g, strict=True)
    )
    state = replace(state, w=w)
    x = problem.x
    for i in range(2):
        image = problem.maps[i].forward(x, state.w[i], state.b[i])
        x = problem.network.activations[i](image)
        state = state.put(i, u=image, v=x)
    problem = replace(problem, y=x)
    phi = float(objective.value(problem, state))
    assert phi <= 1e-28
    for _, update in sweep(problem, state):
        assert float(update.squared_step) <= 1e-24


def test_the_hand_cranked_loop_is_the_sweep():
    problem, state = build("str-train")
    solver = Solver(coupling="penalty")
    states = [s for s, _ in solver.blocks(problem, state, number=3)]
    records = [r for _, r in solver.blocks(problem, state, number=3)]
    direct = list(sweep(problem, state))
    assert all(isinstance(s, State) for s in states)
    for one, (two, _) in zip(states, direct, strict=True):
        assert all(map(torch.equal, one.w + one.u, two.w + two.u))
    assert {r.sweep for r in records} == {3}
    assert [r.layer for r in records] == [x.layer + 1 for _, x in direct]


@pytest.mark.faults
@pytest.mark.parametrize("block", ["V", "U", "W", "G"])
def test_check_descent_names_the_block_that_rises(block, monkeypatch):
    moves = dict(nnbcd.sweep._BLOCKS)

    def raised(problem, state, i, ledger):
        state, squared, promised = moves[block](problem, state, i, ledger)
        if i == 1:
            ledger.terms["loss"] = ledger.terms["loss"] + 1.0e3
        return state, squared, promised

    monkeypatch.setitem(nnbcd.sweep._BLOCKS, block, raised)
    problem, state = build("str-train")
    solver = Solver(coupling="penalty", check_descent=True)
    message = f"block {block} of layer 2 raised the objective.*sweep 4"
    with pytest.raises(AscentError, match=message):
        list(solver.blocks(problem, state, number=4))
    with pytest.raises(AscentError, match=message):
        solver.step(problem, state, number=4)
    list(
        Solver(coupling="penalty").blocks(problem, state)
    )  # not asked to check: no error
