"""Symmetric positive definite solves that never raise from LAPACK."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor

__all__ = [
    "SingularMatrixError",
    "factor",
    "gram",
    "solve_right",
    "squared_norm",
]

GRAM_BLOCKS = 4  # block rows of a Gram matrix: 5/8 of the full product
_LADDER = {
    torch.float64: (1e-14, 1e-12, 1e-10, 1e-8),
    torch.float32: (1e-7, 1e-6, 1e-5),
}


class SingularMatrixError(ArithmeticError):
    """A Gram matrix could not be factored, even in float64 with jitter."""


def factor(h: Float[Tensor, "d d"]) -> Float[Tensor, "d d"]:
    """Lower Cholesky factor of ``h``.

    A matrix that is not numerically positive definite is retried in
    float64 with a growing multiple of its mean diagonal added: from 1e-14
    to 1e-8 of it, or from 1e-7 to 1e-5 if it came in float32.

    Parameters
    ----------
    h : Tensor
        Symmetric, shape (d, d).

    Raises
    ------
    SingularMatrixError
        If it cannot be factored.
    OverflowError
        If it has entries that are not finite.
    """
    lower: Tensor
    lower, info = torch.linalg.cholesky_ex(h)
    if not bool(info):
        return lower
    if not bool(torch.isfinite(h).all()):
        msg = (
            "a Gram matrix is not finite: scale the inputs, or compute in "
            "float64."
        )
        raise OverflowError(msg)
    wide = h.double()
    mean = wide.diagonal().mean().clamp(min=torch.finfo(h.dtype).tiny)
    eye = torch.eye(h.shape[0], dtype=wide.dtype, device=wide.device)
    for jitter in _LADDER[h.dtype]:
        lower, info = torch.linalg.cholesky_ex(wide + jitter * mean * eye)
        if not bool(info):
            return lower.to(h.dtype)
    msg = (
        "a Gram matrix is singular to rounding: raise alpha or rho, or "
        "scale the inputs."
    )
    raise SingularMatrixError(msg)


def gram(a: Float[Tensor, "n d"]) -> Float[Tensor, "d d"]:
    """``a.T @ a``, its upper block rows computed and mirrored.

    Parameters
    ----------
    a : Tensor
        Shape (n, d).
    """
    d = a.shape[1]
    if d < 64 * GRAM_BLOCKS:  # small products gain nothing from blocks
        return a.mT @ a
    out = a.new_empty(d, d)
    size = -(-d // GRAM_BLOCKS)
    for lo in range(0, d, size):
        hi = min(lo + size, d)
        out[lo:hi, lo:] = a[:, lo:hi].mT @ a[:, lo:]
        out[hi:, lo:hi] = out[lo:hi, hi:].mT
    return out


def solve_right(
    rhs: Float[Tensor, "m d"], lower: Float[Tensor, "d d"]
) -> Float[Tensor, "m d"]:
    """``rhs @ inverse(H)`` for H = lower @ lower.T, by two triangular solves.

    Parameters
    ----------
    rhs : Tensor
        Shape (m, d).
    lower : Tensor
        Cholesky factor from :func:`factor`, shape (d, d).
    """
    return torch.cholesky_solve(rhs.mT, lower).mT


def squared_norm(x: Float[Tensor, "*s"]) -> Float[Tensor, ""]:
    """Sum of the squared entries, in float64, 0-dimensional.

    In float32 the norms of the rows are taken first and summed in float64:
    as accurate as the data, and no float64 copy of them is made.

    Parameters
    ----------
    x : Tensor
        Any shape.
    """
    if x.dtype == torch.float64:
        return x.square().sum()
    rows = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x.reshape(1, -1)
    norms: Tensor = torch.linalg.vector_norm(rows, dim=1)
    return norms.double().square().sum()
