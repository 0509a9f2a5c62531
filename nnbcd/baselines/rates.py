"""A learning rate chosen on rows that are held out of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnbcd._typing import Tensor
from nnbcd.baselines.adam import train
from nnbcd.baselines.records import AdamResult
from nnbcd.checks import number
from nnbcd.inputs import as_tensor
from nnbcd.network import Network

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["RateSearch", "best_rate"]


@dataclass(frozen=True)
class RateSearch:
    """The learning rates tried.

    Parameters
    ----------
    rates : tuple of float
        In the order in which they were tried.
    held_out : tuple of float
        Accuracy of each at the end of its run, on the rows held out.
    """

    rates: tuple[float, ...]
    held_out: tuple[float, ...]

    @property
    def lr(self) -> float:
        """The rate of best accuracy; of equals, the one tried first."""
        return self.rates[self.held_out.index(max(self.held_out))]


def best_rate(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    rates: Sequence[float] = (1e-3, 3e-3),
    share: float = 0.1,
    method: Callable[..., AdamResult] = train,
    **options: Any,
) -> RateSearch:
    """Run ``method`` once a rate, on part of the rows; validate on the rest.

    The same rows are held out at every call: the draw does not depend on
    the seed of the run.

    Parameters
    ----------
    network : Network
        d_0 inputs and one output a class.
    x : array_like
        Rows to learn from, shape (N, d_0); no test rows.
    y : array_like
        Their labels, shape (N,).
    rates : sequence of float
        Learning rates, one at least.
    share : float
        Of the rows, held out; in (0, 1).
    method : callable
        :func:`nnbcd.baselines.train` or another baseline with a learning
        rate.
    **options
        Passed on: epochs, batch, seed, support, ...

    Returns
    -------
    RateSearch

    Raises
    ------
    ValueError
        If there is no rate, or share leaves no row on one of the sides.
    """
    if not rates:
        msg = "rates is empty: give one learning rate or more."
        raise ValueError(msg)
    rows, labels = as_tensor("x", x), as_tensor("y", y)
    held = int(number("share", share, strict=True) * len(rows) + 1e-9)
    if not 0 < held < len(rows):
        msg = (
            f"share {share} holds out {held} of {len(rows)} rows: "
            "leave some on both sides."
        )
        raise ValueError(msg)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(rows)))
    out, seen = order[:held].to(rows.device), order[held:].to(rows.device)
    part = (rows[seen], labels[seen])
    validation = (rows[out], labels[out])
    accuracies = tuple(
        method(
            network, *part, validation=validation, lr=lr, **options
        ).accuracy
        for lr in rates
    )
    return RateSearch(tuple(rates), accuracies)
