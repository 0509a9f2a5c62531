"""Activations: values, slopes, and the proximal map against searches."""

from dataclasses import dataclass
from math import inf

import numpy as np
import pytest
import torch
from cases import ACTIVATIONS, DTYPES
from scipy import optimize

from nnbcd import LeakyReLU, ReLU, ReLU6
from nnbcd.activations import BY_NAME, get_activation
from nnbcd.piecewise import Piece, PiecewiseLinear

every = pytest.mark.parametrize("name", ACTIVATIONS)
WEIGHTS = [1e-3, 0.1, 1.0, 3.7, 1e3]
BY_HAND = {
    "relu": lambda u: max(u, 0.0),
    "leaky": lambda u: u if u >= 0 else 0.1 * u,
    "identity": lambda u: u,
    "abs": abs,
    "hard-tanh": lambda u: min(1.0, max(-1.0, u)),
    "relu6": lambda u: min(6.0, max(0.0, u)),
}


def points(count=4000, seed=0, size=3.0):
    generator = torch.Generator().manual_seed(seed)
    shape = (2, count)
    pair = size * torch.randn(shape, generator=generator).double()
    pair[:, :50] = pair[:, :50].round()  # exact kinks and ties too
    return pair[0], pair[1]


def value(sigma, u, v, m, c):
    return 0.5 * (sigma(u) - v) ** 2 + 0.5 * c * (u - m) ** 2


@every
def test_value_is_the_textbook_one(name):
    u, _ = points()
    wanted = [BY_HAND[name](x) for x in (4 * u).tolist()]
    found = ACTIVATIONS[name](4 * u)
    torch.testing.assert_close(found.tolist(), wanted, rtol=0, atol=1e-14)


@every
def test_slopes_are_one_sided_differences(name):
    sigma = ACTIVATIONS[name]
    u, _ = points(200)
    u = torch.cat([u, torch.tensor(sigma.kinks, dtype=torch.float64)])
    h = 1e-6
    left, right = sigma.slopes(u)
    backward = (sigma(u) - sigma(u - h)) / h
    forward = (sigma(u + h) - sigma(u)) / h
    torch.testing.assert_close(left, backward, rtol=0, atol=1e-6)
    torch.testing.assert_close(right, forward, rtol=0, atol=1e-6)
    for kink in sigma.kinks:
        assert (left != right)[u == kink].all()


@every
@pytest.mark.parametrize("c", WEIGHTS)
def test_prox_is_lower_than_a_grid(name, c):
    sigma = ACTIVATIONS[name]
    v, m = points(300)
    new = sigma.prox(v, m, c)
    best = value(sigma, new, v, m, c)
    grid = torch.linspace(-120, 120, 12001, dtype=torch.float64)
    on_grid = value(sigma, grid[:, None], v, m, c).amin(0)
    assert (best <= on_grid + 1e-12 * (1 + on_grid)).all()
    # And the grid comes close, so that the map is not off its range.
    assert (on_grid - best).max() <= 0.02 * (1 + c) * 15


@every
def test_prox_against_a_bounded_search(name):
    sigma, c = ACTIVATIONS[name], 0.8
    v, m = points(40, seed=1)
    for x, vk, mk in zip(sigma.prox(v, m, c), v, m, strict=True):

        def scalar(u, vk=vk, mk=mk):
            at = torch.tensor(u, dtype=torch.float64)
            return float(value(sigma, at, vk, mk, c))

        edges = [-20.0, *sigma.kinks, 20.0]
        found = [
            optimize.minimize_scalar(scalar, bounds=pair, method="bounded")
            for pair in zip(edges, edges[1:], strict=False)
        ]
        lowest = min(answer.fun for answer in found)
        assert scalar(float(x)) <= lowest + 1e-9


@every
@pytest.mark.parametrize("dtype", DTYPES.values())
@pytest.mark.parametrize("c", WEIGHTS)
def test_prox_in_both_precisions(name, c, dtype):
    sigma = ACTIVATIONS[name]
    v, m = (x.to(dtype) for x in points(500, seed=2))
    new = sigma.prox(v, m, c)
    assert new.dtype == dtype
    # Near a tie rounding picks a side: compare values, not minimisers.
    wide = [x.double() for x in (new, v, m)]
    exact = sigma.prox(wide[1], wide[2], c)
    best = value(sigma, exact, *wide[1:], c)
    found = value(sigma, *wide, c)
    scale = wide[1].square() + c * wide[2].square() + 1e-3
    assert ((found - best) / scale).max() <= 20 * torch.finfo(dtype).eps


@pytest.mark.parametrize("c", [1e-6, *WEIGHTS, 1e6, 1e12])
def test_relu_threshold_is_the_table_rule(c):
    v, m = points(20_000, seed=3)
    threshold = ReLU().prox(v, m, c)
    table = ReLU()._table_prox(v, m, c)
    kappa = (1 / c) / ((1 + 1 / c) ** 0.5 + 1)
    tie = (m + kappa * v.clamp(min=0)).abs() <= 1e-9 * (1 + v.abs())
    torch.testing.assert_close(
        threshold[~tie], table[~tie], atol=1e-13, rtol=1e-12
    )
    a, b = (value(ReLU(), x, v, m, c)[tie] for x in (threshold, table))
    torch.testing.assert_close(a, b)


def test_relu_tie_goes_to_the_right():
    # c = 1/8: kappa = 2, so (v, m) = (1, -2) has two minimisers.
    v, m = torch.tensor([1.0]), torch.tensor([-2.0])
    right = (v + m / 8) / (1 + 1 / 8)
    assert value(ReLU(), right, v, m, 1 / 8) == value(ReLU(), m, v, m, 1 / 8)
    assert torch.equal(ReLU().prox(v, m, 1 / 8), right)
    assert torch.equal(ReLU()._table_prox(v, m, 1 / 8), right)


def test_absolute_value_tie_goes_to_the_right():
    zero = torch.zeros(1)
    new = ACTIVATIONS["abs"].prox(zero + 2, zero, 1.0)
    assert torch.equal(new, zero + 1)


@every
def test_prox_where_it_is_known(name):
    """A point already on the graph does not move."""
    sigma = ACTIVATIONS[name]
    _, m = points(200)
    new = sigma.prox(sigma(m), m, 0.7)
    torch.testing.assert_close(new, m, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("c", [0.0, -1.0, inf, float("nan")])
@every
def test_a_bad_weight_is_refused(name, c):
    zero = torch.zeros(2)
    with pytest.raises(ValueError, match="c must be a positive"):
        ACTIVATIONS[name].prox(zero, zero, c)


def test_a_table_is_all_a_new_activation_takes():
    @dataclass(frozen=True)
    class Dead(PiecewiseLinear):
        pieces = (
            Piece(-inf, 0.3, 0.1),
            Piece(0.3, 2.0, 1.0, -0.27),
            Piece(2.0, inf, -0.5, 2.73),
        )

    v, m = points(300)
    best = value(Dead(), Dead().prox(v, m, 0.6), v, m, 0.6)
    grid = torch.linspace(-15, 15, 6001, dtype=torch.float64)[:, None]
    on_grid = value(Dead(), grid, v, m, 0.6).amin(0)
    assert (best <= on_grid + 1e-12).all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ((), "reach from"),
        ((Piece(-1.0, inf, 1.0),), "reach from"),
        ((Piece(-inf, 3.0, 1.0),), "reach from"),
        ((Piece(-inf, 0.0, 0.0), Piece(0.0, inf, 1.0, 0.5)), "at 0.0"),
        ((Piece(-inf, 0.0, 0.0), Piece(1.0, inf, 1.0, -1.0)), "at 0.0"),
        (
            (
                Piece(-inf, 1.0, 0.0),
                Piece(1.0, -1.0, 0.0),
                Piece(-1.0, inf, 0.0),
            ),
            "continuously",
        ),
    ],
)
def test_a_table_that_does_not_join_is_refused(table, message):
    @dataclass(frozen=True)
    class Broken(PiecewiseLinear):
        pieces = table

    with pytest.raises(ValueError, match=f"Broken.*{message}"):
        Broken()


def test_names():
    assert {type(get_activation(name)) for name in BY_NAME} == {
        type(sigma) for sigma in ACTIVATIONS.values()
    }
    with pytest.raises(ValueError, match="activation must be one of.*relu6"):
        get_activation("gelu")


def test_descriptions_are_values():
    assert ReLU() == ReLU()
    assert LeakyReLU(0.1) != LeakyReLU(0.2)
    assert hash(ReLU6()) == hash(ReLU6())
    assert np.isclose(float(LeakyReLU(0.2)(torch.tensor(-1.0))), -0.2)
