"""Cholesky solves that answer or name the trouble."""

import pytest
import torch

from nnbcd import SingularMatrixError
from nnbcd.linalg import factor, gram, solve_right


def spd(d, dtype=torch.float64, seed=0, rank=None):
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn((d, rank or d + 3), generator=generator).to(dtype)
    return a @ a.mT


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-3)]
)
@pytest.mark.parametrize("d", [1, 2, 7, 30])
def test_solve_right_divides_from_the_right(d, dtype, tolerance):
    h = spd(d, dtype)
    rhs = torch.randn((4, d), generator=torch.Generator().manual_seed(1))
    x = solve_right(rhs.to(dtype), factor(h))
    assert x.dtype == dtype
    torch.testing.assert_close(
        x @ h, rhs.to(dtype), rtol=tolerance, atol=tolerance
    )


def test_factor_is_lower_and_exact():
    h = spd(6)
    lower = factor(h)
    assert torch.equal(lower, lower.tril())
    torch.testing.assert_close(lower @ lower.mT, h)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_singular_matrix_is_rescued_by_a_little(dtype):
    h = spd(8, dtype, rank=3)
    lower = factor(h)
    assert lower.dtype == dtype
    assert torch.isfinite(lower).all()
    change = (lower.double() @ lower.double().mT - h.double()).abs().max()
    assert change <= 1e-6 * h.diagonal().double().mean()


def test_the_smallest_sufficient_jitter_is_taken():
    # Eigenvalues 1 and -1e-11: 1e-14 and 1e-12 of the mean are too little.
    h = torch.diag(torch.tensor([1.0, -1e-11], dtype=torch.float64))
    lower = factor(h)
    added = (lower @ lower.mT - h).diagonal()
    torch.testing.assert_close(
        added, torch.full((2,), 0.5e-10).double(), rtol=1e-3, atol=0
    )


@pytest.mark.parametrize(
    ("entries", "error", "message"),
    [
        ([1.0, -1.0], SingularMatrixError, "raise alpha or rho"),
        ([float("nan"), 1.0], OverflowError, "not finite: scale"),
        ([float("inf"), 1.0], OverflowError, "not finite: scale"),
    ],
)
def test_a_hopeless_matrix_is_named(entries, error, message):
    h = torch.diag(torch.tensor(entries, dtype=torch.float64))
    h[0, 1] = h[1, 0] = entries[0]
    with pytest.raises(error, match=message):
        factor(h)


def test_zero_matrix():
    lower = factor(torch.zeros((3, 3), dtype=torch.float64))
    assert torch.isfinite(lower).all()


def test_inputs_stay_as_they_are():
    h = spd(5, rank=2)
    copy = h.clone()
    factor(h)
    assert torch.equal(h, copy)
    assert h._version == 0


@pytest.mark.parametrize("d", [3, 256, 257, 300])
def test_gram_is_the_product(d):
    a = torch.randn((40, d), generator=torch.Generator().manual_seed(d))
    found = gram(a.double())
    torch.testing.assert_close(found, found.mT)
    torch.testing.assert_close(found, a.double().mT @ a.double())
