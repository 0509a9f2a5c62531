"""Magnitude pruning after training: one-shot, or with retraining.

Train the dense network, keep the largest entries of each weight, train what
is left. Sources: Han, Pool, Tran and Dally, *Learning both weights and
connections for efficient neural networks* (2015); the retraining starts
Adam afresh at the learning rate of the dense training, as the learning-rate
rewinding of Renda, Frankle and Carbin, arXiv:2003.02389, does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nnbcd._typing import Tensor
from nnbcd.baselines import loop
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.pruning import prune
from nnbcd.baselines.records import AdamResult
from nnbcd.checks import count
from nnbcd.network import Network
from nnbcd.structures import Free, Sparse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["magnitude_pruning"]


def magnitude_pruning(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    validation: Pair,
    retrain: int = 0,
    lr: float = 1e-3,
    epochs: int = 50,
    batch: int = 128,
    seed: int = 0,
    evaluations: int = 1,
    dtype: str = "float32",
    device: str | None = None,
) -> AdamResult:
    """Train dense by Adam, prune to the Sparse sets of ``network``, retrain.

    Parameters
    ----------
    network : Network
        With a Sparse layer at least; d_0 inputs and one output a class.
        Other structures are trained as :func:`nnbcd.baselines.train` does.
    x : array_like
        Shape (N, d_0).
    y : array_like
        Integer labels, shape (N,).
    validation : (X, y)
        Where accuracy is measured, shapes (M, d_0) and (M,).
    retrain : int
        Epochs on what is left, its support fixed; 0 is one-shot pruning.
    lr, epochs, batch, seed, evaluations, dtype, device
        Of the dense training, as in :func:`nnbcd.baselines.train`: with the
        same values it is the same run.

    Returns
    -------
    AdamResult
        With a record of the moment after the cut, which takes no step; its
        loss is the mean over all rows.

    Raises
    ------
    ValueError
        If no layer is Sparse, a setting is out of range, or labels and
        outputs disagree.
    """
    if not any(isinstance(s, Sparse) for s in network.structures):
        msg = (
            "network has no Sparse layer: give one structure=Sparse(0.9), "
            "or use baselines.train."
        )
        raise ValueError(msg)
    count("retrain", retrain, least=0)
    recipe = loop.Recipe(lr, epochs, batch, seed, evaluations)
    rows = loop.Rows.read(
        network, x, y, validation, dtype=dtype, device=device
    )
    model = _dense_start(network, seed).to(rows.x)
    records = loop.descend(model, rows, recipe)
    last, start = records[-1], loop.now(rows.x)
    prune(model)
    seconds = last.seconds + loop.now(rows.x) - start
    loss = loop.cross_entropy(model, rows)
    cut = loop.measure(model, rows, last.step, seconds, loss)
    records.append(cut)
    if retrain:
        again = replace(recipe, epochs=retrain)
        records += loop.descend(model, rows, again, since=cut)
    return AdamResult(model, tuple(records), lr, rows.classes)


def _dense_start(network: Network, seed: int) -> FactorisedNetwork:
    """What the dense network starts from, with supports still full."""
    structures = [
        Free() if isinstance(s, Sparse) else s for s in network.structures
    ]
    dense = FactorisedNetwork(network.with_structures(structures), seed)
    model = FactorisedNetwork(network, pruned=False)
    # Everything but the masks, which a dense network does not have.
    model.load_state_dict(dense.state_dict(), strict=False)
    return model
