r"""Low-rank training by Adam from a spectral start, with Frobenius decay.

*Spectral initialisation*: draw the dense weight W, take its truncated SVD
:math:`P \Sigma Q^T` and start from the factors :math:`A = P \Sigma^{1/2}`,
:math:`B = \Sigma^{1/2} Q^T`: of all products of that rank A B is nearest to
W. *Frobenius decay*: weight decay on the product,
:math:`\tfrac{\lambda}{2} \|A B\|^2`, not on the factors.

Source of both: Khodak, Tenenholtz, Mackey and Fusi, *Initialization and
regularization of factorized neural layers*, arXiv:2105.01029. Vodrahalli et
al., arXiv:2202.00834 (*Algorithms for efficiently learning low-rank neural
networks*, later *Nonlinear initialization methods for low-rank neural
networks*), take it as the scheme to beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.baselines import loop
from nnbcd.baselines.factorised import FactorisedNetwork, Weight
from nnbcd.baselines.records import AdamResult
from nnbcd.checks import number
from nnbcd.network import Network
from nnbcd.structures import Free, LowRank

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["frobenius", "spectral_low_rank", "spectral_start"]


def spectral_low_rank(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    validation: Pair,
    decay: float = 1e-4,
    lr: float = 1e-3,
    epochs: int = 50,
    batch: int = 128,
    seed: int = 0,
    evaluations: int = 1,
    dtype: str = "float32",
    device: str | None = None,
) -> AdamResult:
    r"""Adam on the factors of ``network``, from the truncated SVD.

    Parameters
    ----------
    network : Network
        With a LowRank layer at least; d_0 inputs and one output a class.
    x : array_like
        Shape (N, d_0).
    y : array_like
        Integer labels, shape (N,).
    validation : (X, y)
        Where accuracy is measured, shapes (M, d_0) and (M,).
    decay : float
        :math:`\lambda \ge 0` in :math:`\tfrac{\lambda}{2} \|W_i\|^2`, added
        to the loss of each batch for every layer, W_i = A B in the low-rank
        ones. No bias decays.
    lr, epochs, batch, seed, evaluations, dtype, device
        As in :func:`nnbcd.baselines.train`.

    Returns
    -------
    AdamResult

    Raises
    ------
    ValueError
        If no layer is LowRank, a setting is out of range, or labels and
        outputs disagree.
    """
    recipe = loop.Recipe(lr, epochs, batch, seed, evaluations)
    weight = number("decay", decay)
    rows = loop.Rows.read(
        network, x, y, validation, dtype=dtype, device=device
    )
    model = spectral_start(network, seed).to(rows.x)

    def penalty(model: FactorisedNetwork) -> Tensor:
        return 0.5 * weight * frobenius(model)

    records = loop.descend(
        model, rows, recipe, penalty=penalty if weight else None
    )
    return AdamResult(model, tuple(records), lr, rows.classes)


def spectral_start(network: Network, seed: int = 0) -> FactorisedNetwork:
    """The dense network of that seed, each low-rank weight cut by SVD.

    Parameters
    ----------
    network : Network
        Its weights have shapes (d_out, d_in).
    seed : int
        Of the dense start, the one of :func:`nnbcd.baselines.train`.

    Raises
    ------
    ValueError
        If no layer is LowRank.
    """
    structures = network.structures
    if not any(isinstance(s, LowRank) for s in structures):
        msg = (
            "network has no LowRank layer: give one structure=LowRank(8), "
            "or use baselines.train."
        )
        raise ValueError(msg)
    drawn = FactorisedNetwork(
        network.with_structures(
            [Free() if isinstance(s, LowRank) else s for s in structures]
        ),
        seed,
    )
    model = FactorisedNetwork(network, seed)
    with torch.no_grad():
        for weight, dense in zip(model.weights, drawn.weights, strict=True):
            assert isinstance(weight, Weight)
            assert isinstance(dense, Weight)
            if isinstance(weight.structure, LowRank):
                parts = _split(dense.dense(), weight.factors[0].shape[1])
                for factor, part in zip(weight.factors, parts, strict=True):
                    factor.copy_(part)
            else:
                weight.load_state_dict(dense.state_dict())
    return model


def frobenius(model: FactorisedNetwork) -> Float[Tensor, ""]:
    """Sum of the squared Frobenius norms of all weights (d_out, d_in)."""
    total = torch.zeros_like(next(model.parameters()).sum())
    for weight in model.weights:
        assert isinstance(weight, Weight)
        if isinstance(weight.structure, LowRank):
            left, right = weight.factors
            # ||A B||^2 from two r x r Gram matrices: A B is never formed.
            total = total + (left.mT @ left * (right @ right.mT)).sum()
        else:
            total = total + weight.dense().square().sum()
    return total


def _split(
    w: Float[Tensor, "d_out d_in"], rank: int
) -> tuple[Float[Tensor, "d_out r"], Float[Tensor, "r d_in"]]:
    """The truncated SVD as two factors that share the singular values."""
    u, values, vt = torch.linalg.svd(w.double(), full_matrices=False)
    root = values[:rank].sqrt()
    return (u[:, :rank] * root).to(w), (root[:, None] * vt[:rank]).to(w)
