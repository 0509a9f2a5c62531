"""The loop that every Adam baseline runs: batches, steps, records.

Cross-entropy, mini-batches, a constant learning rate. The clock stops while
accuracy is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from nnbcd._typing import Float, Tensor
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.records import AdamRecord
from nnbcd.checks import choice, count, number
from nnbcd.inputs import DTYPES, as_features
from nnbcd.network import Network

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["Recipe", "Rows", "cross_entropy", "descend", "measure", "now"]

Hook = Callable[[FactorisedNetwork, int], None]
Penalty = Callable[[FactorisedNetwork], Tensor]


@dataclass(frozen=True)
class Recipe:
    """How long, how fast and in which order Adam trains.

    Parameters
    ----------
    lr : float
        Learning rate, positive.
    epochs, batch : int
        Passes over the rows, and rows a step.
    seed : int
        Of the order of the rows.
    evaluations : int
        Records an epoch.

    Raises
    ------
    ValueError
        If one of them is out of range.
    """

    lr: float
    epochs: int
    batch: int
    seed: int
    evaluations: int = 1

    def __post_init__(self) -> None:
        number("lr", self.lr, strict=True)
        for name in ("epochs", "batch", "evaluations"):
            count(name, getattr(self, name))

    def steps(self, rows: int) -> int:
        """Optimiser steps on so many rows; an odd rest is a step too."""
        return self.epochs * -(-rows // self.batch)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from and rows to validate on, labels as columns.

    Parameters
    ----------
    x, codes : Tensor
        Features (N, d_0), and columns of the right outputs (N,).
    x_test, truth : Tensor
        The same to validate on, (M, d_0) and (M,); -1 is a label that was
        not trained on, always a miss.
    classes : Tensor
        The label of each column, (K,).
    """

    x: Tensor
    codes: Tensor
    x_test: Tensor
    truth: Tensor
    classes: Tensor

    @staticmethod
    def read(
        network: Network,
        x: ArrayLike | Tensor,
        y: ArrayLike | Tensor,
        validation: Pair,
        *,
        dtype: str,
        device: str | None,
    ) -> Rows:
        """Check and convert what a user gave.

        Parameters
        ----------
        network : Network
            d_0 inputs and one output a class.
        x, y : array_like
            Features (N, d_0) and integer labels (N,).
        validation : (X, y)
            Shapes (M, d_0) and (M,).
        dtype : str
            ``float32`` or ``float64``.
        device : str or None
            None means where x is.

        Raises
        ------
        ValueError
            If labels and outputs disagree, or dtype is unknown.
        """
        choice("dtype", dtype, tuple(DTYPES))
        width = network.maps[0].d_in
        rows, test = (
            as_features(part, width, dtype=DTYPES[dtype], device=device)
            for part in (x, validation[0])
        )
        labels = torch.as_tensor(y, device=rows.device)
        classes, codes = torch.unique(labels, return_inverse=True)
        outputs = network.maps[-1].d_out
        if len(classes) != outputs:
            msg = (
                f"y has {len(classes)} classes, but the last layer has "
                f"{outputs} outputs: give the last layer {len(classes)}."
            )
            raise ValueError(msg)
        wanted = torch.as_tensor(validation[1], device=rows.device)
        place = torch.searchsorted(classes, wanted).clamp(max=outputs - 1)
        truth = torch.where(classes[place] == wanted, place, -1)
        return Rows(rows, codes, test, truth, classes)


def descend(
    model: FactorisedNetwork,
    rows: Rows,
    recipe: Recipe,
    *,
    hook: Hook | None = None,
    penalty: Penalty | None = None,
    since: AdamRecord | None = None,
) -> list[AdamRecord]:
    """Train ``model`` in place; a record at every evaluation.

    Parameters
    ----------
    model : FactorisedNetwork
        On the device and in the precision of ``rows``.
    rows : Rows
        N rows to learn from.
    recipe : Recipe
    hook : callable, optional
        Called as ``hook(model, step)`` after each step, counted from 1.
    penalty : callable, optional
        ``penalty(model)`` is added to the cross-entropy of each batch; the
        records show the cross-entropy alone.
    since : AdamRecord, optional
        Where an earlier run ended: steps and seconds count on from there.
    """
    x, codes = rows.x, rows.codes
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    generator = torch.Generator().manual_seed(recipe.seed)
    steps = recipe.steps(len(x))
    stops = max(1, steps // (recipe.epochs * recipe.evaluations))
    seconds = 0.0 if since is None else since.seconds
    first = 0 if since is None else since.step
    records, total, seen = [], x.new_zeros(()), 0
    pending: list[Tensor] = []
    start = now(x)
    for step in range(1, steps + 1):
        if not pending:
            order = torch.randperm(len(x), generator=generator)
            pending = list(torch.split(order.to(x.device), recipe.batch))
        part = pending.pop(0)
        loss = functional.cross_entropy(model(x[part]), codes[part])
        whole = loss if penalty is None else loss + penalty(model)
        optimiser.zero_grad()
        whole.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total, seen = total + loss.detach(), seen + 1
        if hook is not None:
            hook(model, step)
        if step % stops == 0 or step == steps:
            seconds += now(x) - start
            mean = float(total) / seen
            records.append(measure(model, rows, first + step, seconds, mean))
            total, seen, start = x.new_zeros(()), 0, now(x)
    return records


def measure(
    model: FactorisedNetwork,
    rows: Rows,
    step: int,
    seconds: float,
    loss: float,
) -> AdamRecord:
    """A record of ``model`` as it is, its accuracy on the M test rows.

    Parameters
    ----------
    model : FactorisedNetwork
    rows : Rows
        Validated on: features (M, d_0).
    step, seconds, loss
        As in :class:`AdamRecord`.
    """
    best = _logits(model, rows.x_test).argmax(1)
    accuracy = float((best == rows.truth).double().mean())
    return AdamRecord(step, seconds, loss, accuracy, model.stored)


def cross_entropy(model: FactorisedNetwork, rows: Rows) -> float:
    """Mean over all N rows to learn from, features (N, d_0)."""
    logits = _logits(model, rows.x)
    return float(functional.cross_entropy(logits, rows.codes))


def now(x: Tensor) -> float:
    """Wall clock, once the device of ``x`` (any shape) is done."""
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    return time.perf_counter()


def _logits(
    model: FactorisedNetwork, x: Float[Tensor, "n d0"]
) -> Float[Tensor, "n k"]:
    with torch.no_grad():
        return torch.cat([model(part) for part in torch.split(x, 2000)])
