"""Block coordinate descent without compression.

Source: Zeng, Lau, Lin and Yao, *Global convergence of block coordinate
descent in deep learning*, arXiv:1803.00225: their three-splitting scheme,
Algorithm 2. Its sweep is ours under the penalty coupling where no weight is
compressed: V, U and W from the last layer to the first, each by its closed
form, with proximal terms on V_L, on every hidden U_i and on every W_i. So
the solver of this package runs it; there is no second one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnbcd._typing import Tensor
from nnbcd.losses import Loss, Squared
from nnbcd.network import Network
from nnbcd.problem import Penalties
from nnbcd.result import Result
from nnbcd.solver import Solver
from nnbcd.structures import Free

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["plain_bcd"]


def plain_bcd(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    validation: Pair | None = None,
    sweeps: int = 50,
    gamma: float = 1.0,
    rho: float = 1.0,
    alpha: float = 5.0,
    loss: Loss | None = None,
    initialisation: str = "gaussian",
    scale: float = 1.0,
    seed: int = 0,
    dtype: str = "float64",
    device: str | None = None,
) -> Result:
    """Train ``network``, its structures left out, by the three-splitting BCD.

    Parameters
    ----------
    network : Network
        d_0 inputs and one output a class; every structure becomes Free.
    x : array_like
        Shape (N, d_0).
    y : array_like
        Integer labels, shape (N,), or float targets, shape (N, d_L).
    validation : (X, y), optional
        Where accuracy is measured, shapes (M, d_0) and (M,).
    sweeps : int
        How many.
    gamma, rho, alpha : float
        Weights of the activation, the affine and the proximal terms.
    loss : Loss or None
        None is the squared loss.
    initialisation, scale : str, float
        As in :class:`nnbcd.Solver`; ``gaussian`` has deviation 0.01.
    seed : int
        Of the start.
    dtype, device
        As in :class:`nnbcd.Solver`.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If a setting is out of range, or labels and outputs disagree.

    Notes
    -----
    The defaults are those of the public code for MNIST: gamma = rho = 1,
    alpha = 5, weights 0.01 times standard normal numbers. There biases
    start at 0.1 and are updated after their weight; here they start at zero
    and are updated jointly with it.
    """
    free = network.with_structures([Free()] * len(network.layers))
    solver = Solver(
        Penalties(gamma=gamma, rho=rho, alpha=alpha),
        coupling="penalty",
        sweeps=sweeps,
        loss=Squared() if loss is None else loss,
        initialisation=initialisation,
        scale=scale,
        certify=False,
        dtype=dtype,
        device=device,
    )
    return solver.fit(free, x, y, validation=validation, seed=seed)
