"""What a layer should have put out: damped closed forms, chunk by chunk.

The consistent coupling asks, from the last layer to the first, for a change
of U_i and then of V_{i-1}. These are the blocks V and U of the lifted
objective, started at the forward pass, with the weights of the settings in
place of gamma, rho and alpha.
"""

from __future__ import annotations

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor
from nnbcd.affine import DenseMap
from nnbcd.couplings import Consistent
from nnbcd.network import Network
from nnbcd.rows import Rows

__all__ = ["below", "sensitivity", "slope_gram"]


def below(
    network: Network,
    i: int,
    u: Float[Tensor, "n d_below"],
    w: Float[Tensor, "q p"],
    change: Float[Tensor, "n d_out"],
    weight: Float[Tensor, "q q"] | None,
    settings: Consistent,
    rows: Rows,
) -> Float[Tensor, "n d_below"]:
    r"""Change wanted of U_{i-1}, given the one wanted of U_i.

    The V target solves, row by row, with D the change and S the weight,

    .. math::

        \min_v \| D - W v \|_S^2 + \lambda \|v\|^2,
        \qquad \lambda = \kappa \,\overline{\operatorname{diag}}(W^T S W),

    through the smaller of its two systems; the U target is the proximal
    map of the activation at that V.

    Parameters
    ----------
    network : Network
    i : int
        Layer whose change is given, counted from 0; i >= 1.
    u : Tensor
        U_{i-1} of the forward pass, shape (n, d_{i-1}).
    w : Tensor
        W_i, shape (q, p).
    change : Tensor
        Shape (n, d_i).
    weight : Tensor or None
        S_i, shape (q, q); None is the identity.
    settings : Consistent
    rows : Rows
        Adds up what the rows of other processes say.
    """
    linear, sigma = network.maps[i], network.activations[i - 1]
    v = sigma(u)
    if isinstance(linear, DenseMap):
        dv = change @ _transfer(w, weight, settings.kappa)
    else:
        # Through a convolution: one gradient step of the same problem.
        back = linear.transpose(change, w)
        image = linear.forward(back, w, None)
        energy, curve = rows.add(back.square().sum(), image.square().sum())
        dv = back * (energy / (curve + settings.kappa * energy + 1e-30))
    return sigma.prox(v + dv, u, settings.pull) - u


def slope_gram(
    network: Network, i: int, u: Float[Tensor, "n d_below"]
) -> Float[Tensor, "p p"] | None:
    r"""Sum of m m^T, m a row of the derivatives of the activation.

    Through or into a convolution the sensitivity is not used: None.

    Parameters
    ----------
    network, i, u
        As in :func:`below`.
    """
    if not all(isinstance(m, DenseMap) for m in network.maps[i - 1 : i + 1]):
        return None
    _, slope = network.activations[i - 1].slopes(u)
    return slope.mT @ slope


def sensitivity(
    w: Float[Tensor, "q p"],
    weight: Float[Tensor, "q q"] | None,
    slopes: Float[Tensor, "p p"],
    n: int,
) -> Float[Tensor, "p p"]:
    r"""S_{i-1} = (W^T S_i W) o M, how much the output feels U_{i-1}.

    M is the mean of m m^T over the rows. A hundredth of the mean diagonal
    is added. Source: the recursion of Botev, Ritter and Barber (2017).

    Parameters
    ----------
    w, weight
        As in :func:`below`.
    slopes : Tensor
        From :func:`slope_gram`, shape (p, p), over n rows.
    n : int
    """
    felt = w.mT @ (w if weight is None else weight @ w)
    felt = felt * slopes / n
    felt.diagonal().add_(0.01 * felt.diagonal().mean() + 1e-30)
    return felt


def _transfer(
    w: Tensor, weight: Tensor | None, kappa: float
) -> Float[Tensor, "d_out d_in"]:
    """S W (W^T S W + lambda I)^-1, by the smaller system."""
    seen = w if weight is None else weight @ w
    lam = kappa * (w * seen).sum() / w.shape[1]
    tiny = torch.finfo(w.dtype).tiny
    lam = lam + tiny**0.5
    if w.shape[0] >= w.shape[1]:
        system = w.mT @ seen
        system.diagonal().add_(lam)
        return linalg.solve_right(seen, linalg.factor(system))
    # (W W^T + lambda S^-1)^-1 W, multiplied through by S = A A^T
    if weight is None:
        system = w @ w.mT
        system.diagonal().add_(lam)
        return torch.cholesky_solve(w, linalg.factor(system))
    a = linalg.factor(weight)
    inner = a.mT @ w
    system = inner @ inner.mT
    system.diagonal().add_(lam)
    return a @ torch.cholesky_solve(inner, linalg.factor(system))
