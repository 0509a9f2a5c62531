"""The explorer of the W update shows what the text proves."""

from itertools import pairwise, product

import numpy as np
import pytest

from nnbcd.explore.w_update import (
    INPUTS,
    STRUCTURES,
    TAUS,
    _data,
    draw,
    fit,
)

EACH = list(product(STRUCTURES, INPUTS))


def objective(structure, inputs, tau, w, g):
    """Squared error over N, less that of least squares, and the pull."""
    gram, _, least, _ = _data(structure, inputs)
    off = w - least
    pull = tau * np.square(w - g).sum()
    return 0.5 * (((off @ gram) * off).sum() + pull)


@pytest.mark.parametrize(("structure", "inputs"), EACH)
def test_no_round_raises_the_objective(structure, inputs):
    for tau in (TAUS[0], 0.1, TAUS[-1]):
        rounds = [fit(structure, inputs, tau, k) for k in range(1, 8)]
        values = [
            objective(structure, inputs, tau, r.weight, r.copy)
            for r in rounds
        ]
        assert all(a >= b - 1e-12 for a, b in pairwise(values))


@pytest.mark.parametrize(("structure", "inputs"), EACH)
def test_the_weight_is_a_ridge_regression(structure, inputs):
    gram, cross, least, _ = _data(structure, inputs)
    g = STRUCTURES[structure](least)
    w = fit(structure, inputs, 0.1, 1).weight
    assert w @ gram + 0.1 * (w - g) == pytest.approx(cross, abs=1e-10)


@pytest.mark.parametrize(("structure", "inputs"), EACH)
def test_both_ends_of_tau_meet_projected_least_squares(structure, inputs):
    least = _data(structure, inputs)[2]
    g = STRUCTURES[structure](least)
    for tau in (1e-9, 1e9):
        copy = fit(structure, inputs, tau, 1).copy
        assert copy == pytest.approx(g, abs=1e-3)


@pytest.mark.parametrize(("structure", "inputs"), EACH)
def test_the_copy_is_structured(structure, inputs):
    copy = fit(structure, inputs, 1, 3).copy
    if structure == "rank 2":
        assert np.linalg.matrix_rank(copy, tol=1e-9) == 2
    else:
        assert np.count_nonzero(copy) == 30


def test_few_rounds_do_not_reach_the_goal():
    structure, inputs = next(iter(STRUCTURES)), "nearly dependent"
    assert not any(draw(structure, inputs, 1, t).reached for t in TAUS)
    assert any(draw(structure, inputs, 100, t).reached for t in TAUS)
