"""The closed-form subgradient: autograd, kinks, critical points."""

from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch
from cases import ACTIVATIONS, CASES
from problems import build, make, random_state

from nnbcd import Hinge, objective
from nnbcd.blocks import v as v_block
from nnbcd.structures import StructuredMatrix
from nnbcd.subgradient import norm, subgradient

# Autograd has no opinion at kinks; these cases stand on them.
SMOOTH = [name for name in CASES if name != "on-the-kinks"]


def autograd(problem, state):
    """Gradient of Phi in every block, G as a free matrix."""
    leaves = {
        name: [
            None if t is None else t.clone().requires_grad_()
            for t in getattr(state, name)
        ]
        for name in ("u", "v", "w", "b")
    }
    dense = [
        None if g is None else g.dense.clone().requires_grad_()
        for g in state.g
    ]
    g = tuple(None if d is None else StructuredMatrix(d) for d in dense)
    made = {name: tuple(items) for name, items in leaves.items()}
    objective.value(problem, replace(state, g=g, **made)).backward()
    out = {}
    for i in range(problem.depth):
        out[f"V[{i + 1}]"] = leaves["v"][i].grad
        out[f"U[{i + 1}]"] = leaves["u"][i].grad
        parts = [leaves["w"][i].grad]
        if leaves["b"][i] is not None:
            parts.append(leaves["b"][i].grad[:, None])
        out[f"W[{i + 1}]"] = torch.cat(parts, dim=1)
        if dense[i] is not None:
            out[f"G[{i + 1}]"] = problem.network.structures[i].tangent(
                dense[i].grad, state.g[i]
            )
    return out


@pytest.mark.parametrize("case", SMOOTH)
def test_it_is_the_gradient_where_there_is_one(case):
    problem, state = build(case)
    found, wanted = subgradient(problem, state), autograd(problem, state)
    assert list(found) == list(wanted)
    for name, value in found.items():
        torch.testing.assert_close(
            value, wanted[name], rtol=1e-10, atol=1e-12, msg=name
        )
    total = sum(float(x.square().sum()) for x in wanted.values())
    assert float(norm(problem, state)) == pytest.approx(total**0.5)


def one_sided(f, at, h=1e-6):
    return (f(at) - f(at - h)) / h, (f(at + h) - f(at)) / h


def best_element(left, right):
    """Of the limiting subdifferential at a kink, the nearest to zero."""
    if left <= right:  # convex: everything between
        return min(max(left, 0.0), right)
    return left if abs(left) < abs(right) else right


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_u_at_its_kinks_by_finite_differences(activation, seed):
    _, problem = make(widths=(3, 4, 2), n=5, activation=activation)
    state = random_state(problem, seed, size=2.0)
    kinks = problem.network.activations[0].kinks
    u = state.u[0].clone()
    for k, kink in enumerate(kinks):
        u.view(-1)[k::3] = kink
    state = state.put(0, u=u)
    found = subgradient(problem, state)["U[1]"].reshape(-1)
    for j in range(u.numel()):

        def phi(x, j=j):
            moved = u.clone()
            moved.view(-1)[j] = x
            return float(objective.value(problem, state.put(0, u=moved)))

        left, right = one_sided(phi, float(u.view(-1)[j]))
        wanted = best_element(left, right)
        assert float(found[j]) == pytest.approx(wanted, abs=2e-5)


def test_both_kinds_of_kink_and_both_sides_occur():
    """The cases above are not vacuous: see one of each for ReLU."""
    _, problem = make(widths=(1, 4, 1), n=1)
    state = random_state(problem)
    zero = torch.zeros(1, 4, dtype=torch.float64)
    v = torch.tensor([[-2.0, 2.0, 2.0, -2.0]]).double()
    b = torch.tensor([-1.0, -1.0, 0.1, 0.1]).double()
    x = replace(problem, x=0 * problem.x)
    state = state.put(0, u=zero, v=v, b=b)
    gamma, rho = problem.layers[0].gamma, problem.layers[0].rho
    found = subgradient(x, state)["U[1]"].reshape(-1)
    # rest = -rho b. v < 0: interval [rest, rest + 2 gamma]; v > 0: the pair
    # {rest, rest - 2 gamma}.
    wanted = [rho, rho - 2 * gamma, -0.1 * rho, 0.0]
    torch.testing.assert_close(found, torch.tensor(wanted).double())


def test_v_under_the_hinge_loss_at_the_margin():
    _, problem = make(widths=(3, 4, 2), n=6, loss="hinge")
    state = random_state(problem)
    i = problem.depth - 1
    v = torch.where(state.v[i] > 0, state.v[i], problem.y)
    state = state.put(i, v=v)
    found = subgradient(problem, state)["V[2]"].reshape(-1)
    for j in range(v.numel()):

        def phi(x, j=j):
            moved = v.clone()
            moved.view(-1)[j] = x
            return float(objective.value(problem, state.put(i, v=moved)))

        left, right = one_sided(phi, float(v.view(-1)[j]))
        wanted = best_element(left, right)
        assert float(found[j]) == pytest.approx(wanted, abs=2e-5)
    assert isinstance(problem.loss, Hinge)


def test_v_on_the_walls_of_its_box():
    problem, state = build("plain", v_bounds=(-0.5, 0.5))
    free, _ = build("plain")
    lo, hi = -0.5, 0.5
    for i in range(problem.depth - 1):
        gradient = subgradient(free, state)[f"V[{i + 1}]"]
        found = subgradient(problem, state)[f"V[{i + 1}]"]
        v = state.v[i]
        assert (v == lo).any() and (v == hi).any()
        # At a wall only what points inside counts: downhill is -gradient.
        pushes_out = ((v == lo) & (gradient > 0)) | (
            (v == hi) & (gradient < 0)
        )
        wanted = torch.where(pushes_out, 0.0, gradient)
        torch.testing.assert_close(found, wanted)
        assert pushes_out.any() and not pushes_out.all()


@pytest.mark.parametrize(
    ("case", "weight"),
    [
        ("act-abs", 1.0),
        ("str-sparse", 1.0),
        ("str-train", 1.0),
        ("loss-hinge", 0.3),
        ("loss-cross-entropy", 0.3),
    ],
)
def test_it_vanishes_where_the_run_converges(case, weight, monkeypatch):
    # Hundreds of tiny sweeps: most of the time would go into shape checks.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    options = {**CASES[case], "widths": (2, 3, 2), "n": 8}
    weights = {"gamma": weight, "rho": weight, "tau": 5.0, "alpha": 0.01}
    solver, problem = make(
        weights={**weights, "ridge": 1.0}, sweeps=600, tol=1e-6, **options
    )
    result = solver.run(problem, solver.init(problem, seed=2))
    first, last = (result.history.sweeps[k].subgradient for k in (0, -1))
    assert last <= 1e-4 * first
    assert result.state.w[0].norm() > 0.1  # not the trivial point
    # It is not small everywhere: a step away it is large again.
    moved = random_state(problem, seed=3)
    assert float(norm(problem, moved)) > 1e4 * last


def test_every_block_is_stationary_after_its_own_update():
    problem, state = build("str-train")
    for i in range(problem.depth - 1):
        new = state.put(i, v=v_block.update(problem, state, i))
        gradient = subgradient(problem, new)[f"V[{i + 1}]"]
        assert float(gradient.abs().max()) <= 1e-12


def test_single_precision_and_purity():
    problem, state = build("str-sparse", "float32")
    copies = [t.clone() for t in (*state.w, *state.u, *state.v)]
    found = subgradient(problem, state)
    assert all(x.dtype == torch.float32 for x in found.values())
    assert norm(problem, state).dtype == torch.float64
    for t, copy in zip((*state.w, *state.u, *state.v), copies, strict=True):
        assert torch.equal(t, copy)
    wide, exact = build("str-sparse")
    assert np.isclose(
        float(norm(problem, state)), float(norm(wide, exact)), rtol=1e-4
    )
