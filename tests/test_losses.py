"""Losses: values, proximal maps and subgradients against searches."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from cases import DTYPES, LOSSES
from scipy import optimize, special

from nnbcd import CrossEntropy, Hinge, Squared
from nnbcd.losses import BY_NAME, get_loss, wright_omega

every = pytest.mark.parametrize("name", LOSSES)
WEIGHTS = [1e-4, 1e-2, 0.3, 1.0, 7.0, 1e2, 1e4]


def batch(name, n=12, k=4, size=2.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = size * torch.randn((n, k), generator=generator).double()
    labels = torch.randint(0, k, (n,), generator=generator)
    return z, LOSSES[name].encode(labels, k).double()


def by_hand(name, v, y):
    total = Decimal(0)
    for row, targets in zip(v.tolist(), y.tolist(), strict=True):
        row, targets = ([Decimal(a) for a in x] for x in (row, targets))
        pairs = list(zip(row, targets, strict=True))
        if name == "squared":
            total += sum((a - b) ** 2 for a, b in pairs) / 2
        elif name == "hinge":
            total += sum(max(Decimal(0), 1 - a * b) for a, b in pairs)
        else:
            total += sum(a.exp() for a in row).ln()
            total -= row[targets.index(1)]
    return float(total)


@every
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0, 700.0])
def test_value_by_hand(name, size):
    v, y = batch(name, size=size)
    with localcontext() as context:
        context.prec = 400
        wanted = by_hand(name, v, y)
    assert float(LOSSES[name].value(v, y)) == pytest.approx(wanted, rel=1e-13)


def test_a_tiny_cross_entropy_keeps_its_digits():
    v = torch.tensor([[20.0, -3.0, 1.5], [0.0, 40.0, 3.0]]).double()
    y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).double()
    with localcontext() as context:
        context.prec = 400
        wanted = by_hand("cross-entropy", v, y)
    found = float(CrossEntropy().value(v, y))
    assert found == pytest.approx(wanted, rel=1e-13)


@every
def test_value_is_summed_in_double(name):
    v, y = batch(name, n=5000)
    loss = LOSSES[name]
    single = loss.value(v.float(), y.float())
    assert single.dtype == torch.float64
    assert float(single) == pytest.approx(float(loss.value(v, y)), rel=1e-6)


def test_codes():
    labels = torch.tensor([2, 0])
    one_hot = torch.tensor([[0, 0, 1], [1, 0, 0]])
    assert torch.equal(Squared().encode(labels, 3), one_hot)
    assert torch.equal(CrossEntropy().encode(labels, 3), one_hot)
    assert torch.equal(Hinge().encode(labels, 3), 2 * one_hot - 1)


@every
@pytest.mark.parametrize("w", WEIGHTS)
@pytest.mark.parametrize("size", [1.0, 1e3])
def test_prox_satisfies_its_optimality_condition(name, w, size):
    loss = LOSSES[name]
    z, y = batch(name, size=size)
    v = loss.prox(z, y, w)
    # 0 lies in the subdifferential: its element of least norm vanishes.
    residual = loss.subgradient(v, y, w * (v - z))
    scale = 1 + w * z.abs().max()
    assert residual.abs().max() <= 4e-15 * scale


def objective_of(name, z, y, w):
    loss = LOSSES[name]

    def value(flat):
        v = torch.as_tensor(flat).reshape(z.shape)
        return float(loss.value(v, y) + 0.5 * w * (v - z).square().sum())

    return value


@every
@pytest.mark.parametrize("w", [1e-2, 1.0, 1e2])
@pytest.mark.parametrize("start", [0, 1])
def test_no_search_finds_less(name, w, start):
    z, y = batch(name, n=3, k=3)
    value = objective_of(name, z, y, w)
    best = value(LOSSES[name].prox(z, y, w).reshape(-1).numpy())
    rng = np.random.default_rng(start)
    answer = optimize.minimize(
        value,
        z.reshape(-1).numpy() + rng.standard_normal(z.numel()),
        method="Powell",
        options={"xtol": 1e-8, "ftol": 1e-12},
    )
    assert best <= answer.fun * (1 + 1e-12)


@pytest.mark.parametrize("w", WEIGHTS)
@pytest.mark.parametrize("size", [1.0, 30.0, 1e3])
def test_cross_entropy_prox_against_scipy(w, size):
    z, y = batch("cross-entropy", size=size)
    found = CrossEntropy().prox(z, y, w).numpy()
    a = z.numpy() + y.numpy() / w
    for v, row in zip(found, a, strict=True):

        def excess(s, row=row):
            p = w * special.wrightomega(row - s - np.log(w)).real
            return p.sum() - 1.0

        low = row.max() - 1 / w - 1
        s = optimize.brentq(excess, low, row.max() + 30, xtol=1e-13)
        p = special.wrightomega(row - s - np.log(w)).real  # p / w
        wanted = row - p
        tolerance = 1e-13 * (1 + np.abs(row).max() + 1 / w)
        np.testing.assert_allclose(v, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("k", [1, 2, 10, 200])
def test_cross_entropy_prox_over_classes(k):
    z, y = batch("cross-entropy", n=5, k=k)
    v = CrossEntropy().prox(z, y, 0.3)
    residual = torch.softmax(v, 1) - y + 0.3 * (v - z)
    assert residual.abs().max() <= 1e-14


@pytest.mark.parametrize("margin", [1.5, 1.0, 0.8, 0.5, 0.4, -3.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_hinge_cases(margin, sign):
    """Keep z beyond the margin, stop at it, or move by 1/w: here w = 2."""
    y, z = torch.tensor([[sign]]), torch.tensor([[sign * margin]])
    wanted = margin if margin >= 1 else min(1.0, margin + 0.5)
    v = Hinge().prox(z, y, 2.0)
    torch.testing.assert_close(v, torch.tensor([[sign * wanted]]))


@every
@pytest.mark.parametrize("w", [1e-3, 1.0, 1e3])
def test_single_precision_is_the_double_one_rounded(name, w):
    z, y = batch(name, size=30.0)
    loss, wide = LOSSES[name], LOSSES[name].prox(z, y, w)
    v = loss.prox(z.float(), y.float(), w)
    assert v.dtype == DTYPES["float32"]
    scale = float(wide.abs().max()) + 1 / w
    torch.testing.assert_close(v.double(), wide, rtol=0, atol=3e-7 * scale)


@pytest.mark.parametrize("name", ["squared", "cross-entropy"])
def test_gradient_is_that_of_autograd(name):
    v, y = batch(name)
    rest = torch.ones_like(v)
    v.requires_grad_()
    LOSSES[name].value(v, y).backward()
    found = LOSSES[name].subgradient(v.detach(), y, rest)
    torch.testing.assert_close(found, v.grad + 1)


def test_hinge_subgradient_on_and_off_the_margin():
    y = torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0]])
    v = torch.tensor([[0.0, 2.0, 1.0, 1.0, 1.0, -1.0, -1.0]])
    rest = torch.tensor([[0.3, 0.3, 0.3, -0.3, 1.7, -0.3, 0.3]])
    # Off the margin -y or 0; on it the best of [-1, 0] y.
    wanted = torch.tensor([[-0.7, 0.3, 0.0, -0.3, 0.7, 0.0, 0.3]])
    torch.testing.assert_close(Hinge().subgradient(v, y, rest), wanted)


@every
def test_convexity_is_a_true_bound(name):
    loss = LOSSES[name]
    u, y = batch(name, seed=1)
    v, _ = batch(name, seed=2)
    middle = loss.value((u + v) / 2, y)
    mean = (loss.value(u, y) + loss.value(v, y)) / 2
    gap = loss.convexity / 8 * (u - v).square().sum()
    assert mean - middle >= gap - 1e-12 * mean
    if name == "squared":
        assert mean - middle <= 1.0001 * gap


def test_wright_omega_against_scipy():
    x = torch.cat(
        [
            torch.linspace(-745, 745, 3001).double(),
            torch.linspace(-3, 3, 2001).double(),
            torch.logspace(2, 6, 200).double(),
            torch.tensor([1.0, -1e4, -0.0]).double(),
        ]
    )
    wanted = special.wrightomega(x.numpy())
    found = wright_omega(x).numpy()
    # omega = e^x far left: the rounding of x itself is amplified by |x|.
    scale = wanted * (1 + np.clip(-x.numpy(), 10, 745))
    assert np.all(np.abs(found - wanted) <= 5e-16 * scale)


def test_wright_omega_of_huge_numbers():
    x = torch.logspace(6, 300, 200, dtype=torch.float64)
    wanted = torch.from_numpy(special.wrightomega(x.numpy()))
    torch.testing.assert_close(wright_omega(x), wanted, rtol=1e-13, atol=0)


def test_names():
    assert {type(get_loss(name)) for name in BY_NAME} == {
        type(loss) for loss in LOSSES.values()
    }
    with pytest.raises(ValueError, match="loss must be one of.*hinge"):
        get_loss("mse")
