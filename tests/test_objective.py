"""The lifted objective, term by term, against plain loops."""

from dataclasses import replace
from math import exp, log

import pytest
import torch
from cases import CASES, DTYPES
from oracles import loop_forward
from problems import build, random_state

from nnbcd import objective

SIGMA = {
    "ReLU": lambda u: max(u, 0.0),
    "LeakyReLU": lambda u: u if u >= 0 else 0.1 * u,
    "Identity": lambda u: u,
    "AbsoluteValue": abs,
    "HardTanh": lambda u: min(1.0, max(-1.0, u)),
    "ReLU6": lambda u: min(6.0, max(0.0, u)),
}


def half_square(rows):
    return sum(x * x for row in rows for x in row) / 2


def loss_by_hand(name, v, y):
    total = 0.0
    for row, target in zip(v, y, strict=True):
        if name == "cross-entropy":
            total += log(sum(exp(x) for x in row)) - row[target.index(1.0)]
            continue
        for x, t in zip(row, target, strict=True):
            gap = (x - t) ** 2 / 2
            total += gap if name == "squared" else max(0.0, 1 - t * x)
    return total


def terms_by_hand(problem, state):
    """Nothing but Python floats, and the loop convolution."""
    v = state.v[-1].tolist()
    out = {"loss": loss_by_hand(problem.loss.name, v, problem.y.tolist())}
    for i, p in enumerate(problem.layers):
        sigma = SIGMA[type(problem.network.activations[i]).__name__]
        u, v = state.u[i].tolist(), state.v[i].tolist()
        gap = [
            [b - sigma(a) for a, b in zip(*rows, strict=True)]
            for rows in zip(u, v, strict=True)
        ]
        out[f"activation[{i + 1}]"] = p.gamma * half_square(gap)
        below = problem.x if i == 0 else state.v[i - 1]
        b = state.b[i]
        image = loop_forward(
            problem.maps[i],
            below.double().numpy(),
            state.w[i].double().numpy(),
            None if b is None else b.double().numpy(),
        )
        gap = [
            [a - c for a, c in zip(*rows, strict=True)]
            for rows in zip(u, image.tolist(), strict=True)
        ]
        out[f"affine[{i + 1}]"] = p.rho * half_square(gap)
        w = state.w[i].tolist()
        if state.g[i] is not None:
            gap = [
                [a - c for a, c in zip(*rows, strict=True)]
                for rows in zip(w, state.g[i].dense.tolist(), strict=True)
            ]
            out[f"structure[{i + 1}]"] = p.tau * half_square(gap)
        if p.ridge:
            out[f"ridge[{i + 1}]"] = p.ridge * half_square(w)
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_every_term_by_hand(case, dtype):
    problem, state = build(case, dtype)
    found, wanted = (
        objective.terms(problem, state),
        terms_by_hand(problem, state),
    )
    assert list(found) == list(wanted)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for name, value in found.items():
        assert value.dtype == torch.float64
        assert float(value) == pytest.approx(wanted[name], rel=tolerance)
    total = float(objective.value(problem, state))
    assert total == pytest.approx(sum(wanted.values()), rel=tolerance)


def test_the_cache_of_an_affine_image_is_used_and_can_be_emptied():
    problem, state = build("plain")
    image = objective.affine_image(problem, state, 1)
    cached = state.put(1, affine=image)
    assert objective.affine_image(problem, cached, 1) is image
    assert objective.value(problem, cached) == objective.value(problem, state)
    wrong = state.put(1, affine=image + 1)
    assert objective.value(problem, wrong) != objective.value(problem, state)


def test_the_first_layer_sees_the_data():
    problem, state = build("plain")
    assert objective.features(problem, state, 0) is problem.x
    assert objective.features(problem, state, 2) is state.v[1]


@pytest.mark.parametrize("case", ["plain", "conv-hidden", "no-bias"])
def test_the_change_of_the_affine_term_from_gram_matrices(case):
    from nnbcd.blocks import w

    problem, state = build(case)
    for i in range(problem.depth):
        other = random_state(problem, seed=9)
        moved = state.put(i, w=other.w[i], b=other.b[i])
        step = other.w[i] - state.w[i]
        db = None if state.b[i] is None else other.b[i] - state.b[i]
        data = w.regression(problem, state, i)
        found = objective.affine_change(
            problem.layers[i].rho,
            data.gram,
            data.residual,
            w.joined(step, db),
        )
        wanted = objective.affine_term(
            problem, moved, i
        ) - objective.affine_term(problem, state, i)
        torch.testing.assert_close(found, wanted)


def test_sums_are_taken_in_double():
    problem, state = build("plain", "float32", n=3000)
    wide = replace(problem, x=problem.x.double(), y=problem.y.double())
    u = [x.double() for x in state.u]
    same = replace(state, u=tuple(u), v=tuple(x.double() for x in state.v))
    single = objective.activation_term(problem, state, 0)
    double = objective.activation_term(wide, same, 0)
    torch.testing.assert_close(single, double, rtol=1e-7, atol=0)
