r"""Gradual magnitude pruning, for the Adam baseline.

The share of zeros grows with the optimiser's steps t along a cubic,

.. math::

    s_t = s \bigl(1 - (1 - t / T)^3\bigr), \qquad 0 \le t \le T,

and the entries of smallest magnitude go. Source: Zhu and Gupta, *To prune,
or not to prune*, arXiv:1710.01878, with an initial share of zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

from nnbcd.baselines.factorised import FactorisedNetwork, Weight
from nnbcd.sparsity import keep_largest
from nnbcd.structures import Sparse

__all__ = ["GradualPruning", "prune", "share_of_zeros"]


def share_of_zeros(target: float, step: int, last: int) -> float:
    """The cubic schedule: 0 at step 0, ``target`` from step ``last`` on.

    Examples
    --------
    >>> [round(share_of_zeros(0.8, t, 4), 4) for t in (0, 2, 4, 9)]
    [0.0, 0.7, 0.8, 0.8]
    """
    if step >= last:
        return target
    return target * (1.0 - (1.0 - step / last) ** 3)


@dataclass(frozen=True)
class GradualPruning:
    """Prunes the sparse weights of a model while it is trained.

    Parameters
    ----------
    last : int
        Step at which the target is reached; the steps after it train what
        is left.
    every : int
        Steps between two prunings.
    """

    last: int
    every: int

    def __call__(self, model: FactorisedNetwork, step: int) -> None:
        """Prune if it is time; weights once pruned may not come back.

        Parameters
        ----------
        model : FactorisedNetwork
            Its sparse weights get new supports of shape (d_out, d_in).
        step : int
            Optimiser steps made so far.
        """
        due = step % self.every == 0 and step < self.last
        if not due and step != self.last:
            return
        for weight in model.weights:
            assert isinstance(weight, Weight)
            if isinstance(weight.structure, Sparse):
                _prune(weight, weight.structure, step, self.last)


def prune(model: FactorisedNetwork) -> None:
    """Keep the entries of largest magnitude, as many as may be stored.

    Parameters
    ----------
    model : FactorisedNetwork
        Its sparse weights get supports of shape (d_out, d_in).
    """
    GradualPruning(last=1, every=1)(model, 1)


def _prune(weight: Weight, structure: Sparse, step: int, last: int) -> None:
    share = share_of_zeros(structure.sparsity, step, last)
    kept = structure.count(weight.shape)  # at the end, exactly this many
    if step < last:
        kept = max(kept, round((1 - share) * prod(weight.shape)))
    with torch.no_grad():
        weight.keep(keep_largest(weight.dense(), kept))
