"""Adam on the same network, the same structure, the same stored numbers.

Cross-entropy, mini-batches, a constant learning rate: what one would reach
for first. The clock stops while accuracy is measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnbcd._typing import Tensor
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.loop import Recipe, Rows, descend
from nnbcd.baselines.pruning import GradualPruning
from nnbcd.baselines.records import AdamResult
from nnbcd.checks import choice
from nnbcd.network import Network

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["SUPPORTS", "train"]

SUPPORTS = ("fixed", "gradual")


def train(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    validation: Pair,
    lr: float = 1e-3,
    epochs: int = 50,
    batch: int = 128,
    seed: int = 0,
    support: str = "fixed",
    evaluations: int = 1,
    dtype: str = "float32",
    device: str | None = None,
) -> AdamResult:
    """Train ``network`` by Adam on mini-batches of (x, y).

    Parameters
    ----------
    network : Network
        d_0 inputs and one output a class.
    x : array_like
        Shape (N, d_0).
    y : array_like
        Integer labels, shape (N,).
    validation : (X, y)
        Where accuracy is measured, shapes (M, d_0) and (M,).
    lr : float
        Learning rate, positive.
    epochs, batch : int
        Passes over the rows, and rows a step.
    seed : int
        Of the start, the supports and the order of the rows.
    support : str
        What becomes of sparse weights: ``fixed``, a random support drawn
        once, or ``gradual``, the entries of smallest magnitude pruned over
        the first 70 % of the steps
        (:class:`nnbcd.baselines.pruning.GradualPruning`).
    evaluations : int
        Records an epoch.
    dtype : str
        ``float32`` or ``float64``.
    device : str or None
        Where to compute; None means where x is.

    Returns
    -------
    AdamResult

    Raises
    ------
    ValueError
        If a setting is out of range, or labels and outputs disagree.

    Notes
    -----
    Kingma and Ba, arXiv:1412.6980, with torch's defaults for the betas.
    """
    choice("support", support, SUPPORTS)
    recipe = Recipe(lr, epochs, batch, seed, evaluations)
    rows = Rows.read(network, x, y, validation, dtype=dtype, device=device)
    pruned = support == "fixed"
    model = FactorisedNetwork(network, seed, pruned=pruned).to(rows.x)
    hook = None if pruned else _pruning(recipe.steps(len(rows.x)))
    records = descend(model, rows, recipe, hook=hook)
    return AdamResult(model, tuple(records), lr, rows.classes)


def _pruning(steps: int) -> GradualPruning:
    last = max(1, int(0.7 * steps))
    return GradualPruning(last=last, every=max(1, steps // 100))
