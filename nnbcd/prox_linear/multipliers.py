r"""Multipliers of the constraints U_i = A(V_{i-1}; W_i), V_i = sigma(U_i).

Stationarity of the Lagrangian in V and U is a recursion from the last layer
to the first,

.. math::

    \Lambda_{i-1} = (\Lambda_i W_i) \circ \sigma'(U_{i-1}),

started at minus the gradient of the loss in the outputs. So the multipliers
are minus the gradients that back-propagation computes. Source: LeCun (1988).
"""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd._typing import Float, Tensor
from nnbcd.prox_linear.links import Factor, Link

__all__ = ["backward", "forward"]

Tensors = list[Tensor]


def forward(
    links: Sequence[Link],
    factors: Sequence[Factor],
    x: Float[Tensor, "n d0"],
) -> tuple[Tensors, Tensors]:
    """Inputs V_{i-1} and pre-activations U_i of every link.

    Parameters
    ----------
    links, factors : sequence
        The chain and its weights, (q, p) each.
    x : Tensor
        Rows, shape (n, d_0).

    Returns
    -------
    inputs, us : list of Tensor
        Shapes (n, d_{i-1}) and (n, d_i).
    """
    inputs, us = [], []
    for link, factor in zip(links, factors, strict=True):
        inputs.append(x)
        u = link.linear.forward(x, factor.w, factor.b)
        us.append(u)
        x = u if link.sigma is None else link.sigma(u)
    return inputs, us


def backward(
    links: Sequence[Link],
    factors: Sequence[Factor],
    us: Sequence[Tensor],
    top: Float[Tensor, "n dL"],
) -> Tensors:
    """The recursion of the module, from ``top`` at the outputs.

    Parameters
    ----------
    links, factors : sequence
        The chain and its weights, (q, p) each.
    us : sequence of Tensor
        Pre-activations, shapes (n, d_i).
    top : Tensor
        Minus the gradient of the loss, or probes; shape (n, d_L).

    Returns
    -------
    list of Tensor
        One for each link, shapes (n, d_i).
    """
    out = [top]
    for i in reversed(range(1, len(links))):
        below = links[i].linear.transpose(out[0], factors[i].w)
        sigma = links[i - 1].sigma
        if sigma is not None:
            below = sigma.pull_back(below, us[i - 1])
        out.insert(0, below)
    return out
