"""Adam on the same network, the same structure, the same stored numbers.

Cross-entropy, mini-batches, a constant learning rate: what one would reach
for first. The clock stops while accuracy is measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from nnbcd._typing import Float, Int, Tensor
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.pruning import GradualPruning
from nnbcd.baselines.records import AdamRecord, AdamResult
from nnbcd.checks import choice, count, number
from nnbcd.inputs import DTYPES, as_features
from nnbcd.network import Network

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["SUPPORTS", "train"]

SUPPORTS = ("fixed", "gradual")
Hook = Callable[[FactorisedNetwork, int], None]


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
    number("lr", lr, strict=True)
    for name, value in (
        ("epochs", epochs),
        ("batch", batch),
        ("evaluations", evaluations),
    ):
        count(name, value)
    rows = _features(network, x, dtype, device)
    test = _features(network, validation[0], dtype, device)
    codes, truth = _labels(network, y, validation[1], rows.device)
    pruned = support == "fixed"
    model = FactorisedNetwork(network, seed, pruned=pruned).to(rows)
    steps = epochs * -(-len(rows) // batch)
    records = _run(
        model,
        (rows, codes),
        (test, truth),
        lr=lr,
        batch=batch,
        steps=steps,
        stops=max(1, steps // (epochs * evaluations)),
        seed=seed,
        hook=None if pruned else _pruning(steps),
    )
    return AdamResult(model, tuple(records), lr)


def _run(
    model: FactorisedNetwork,
    train_set: tuple[Tensor, Tensor],
    test_set: tuple[Tensor, Tensor],
    *,
    lr: float,
    batch: int,
    steps: int,
    stops: int,
    seed: int,
    hook: Hook | None,
) -> list[AdamRecord]:
    """``steps`` steps with a record every ``stops`` and at the end."""
    x, codes = train_set
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(seed)
    records, total, seconds, since = [], x.new_zeros(()), 0.0, 0
    pending: list[Tensor] = []
    start = _now(x)
    for step in range(1, steps + 1):
        if not pending:
            order = torch.randperm(len(x), generator=generator)
            pending = list(torch.split(order.to(x.device), batch))
        part = pending.pop(0)
        loss = functional.cross_entropy(model(x[part]), codes[part])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total, since = total + loss.detach(), since + 1
        if hook is not None:
            hook(model, step)
        if step % stops == 0 or step == steps:
            seconds += _now(x) - start
            accuracy = _accuracy(model, *test_set)
            mean = float(total) / since
            records.append(
                AdamRecord(step, seconds, mean, accuracy, model.stored)
            )
            total, since, start = x.new_zeros(()), 0, _now(x)
    return records


def _pruning(steps: int) -> GradualPruning:
    last = max(1, int(0.7 * steps))
    return GradualPruning(last=last, every=max(1, steps // 100))


def _accuracy(
    model: FactorisedNetwork, x: Float[Tensor, "m d0"], y: Int[Tensor, " m"]
) -> float:
    with torch.no_grad():
        parts = torch.split(x, 2000)
        best = torch.cat([model(part).argmax(1) for part in parts])
    return float((best == y).double().mean())


def _features(
    network: Network, x: ArrayLike | Tensor, dtype: str, device: str | None
) -> Float[Tensor, "n d0"]:
    width = network.maps[0].d_in
    return as_features(x, width, dtype=DTYPES[dtype], device=device)


def _labels(
    network: Network,
    y: ArrayLike | Tensor,
    test: ArrayLike | Tensor,
    device: torch.device,
) -> tuple[Int[Tensor, " n"], Int[Tensor, " m"]]:
    """Labels as column numbers, by the classes of the training part."""
    labels = torch.as_tensor(y, device=device)
    classes, codes = torch.unique(labels, return_inverse=True)
    outputs = network.maps[-1].d_out
    if len(classes) != outputs:
        msg = (
            f"y has {len(classes)} classes, but the last layer has "
            f"{outputs} outputs: give the last layer {len(classes)}."
        )
        raise ValueError(msg)
    wanted = torch.as_tensor(test, device=device)
    place = torch.searchsorted(classes, wanted).clamp(max=outputs - 1)
    # A label never trained on is no column at all: always a miss.
    return codes, torch.where(classes[place] == wanted, place, -1)


def _now(x: Tensor) -> float:
    """Wall clock, once the device has done what was asked."""
    if x.is_cuda:
        torch.cuda.synchronize(x.device)
    return time.perf_counter()
