"""Trains, CP and Tucker trained by SGD with momentum.

What the authors compare with on the images: the same network, its two large
matrices decomposed, cross-entropy, batches of 100, a rate of 0.01 that falls
by a tenth every five epochs. CP and Tucker are those of tensorly-torch, of
the matrix as it stands: CP of a matrix is a product of two factors with
weights, Tucker one with a small matrix between them.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Float, Tensor
from nnbcd.affine import AffineMap
from nnbcd.baselines import AdamResult, FactorisedNetwork
from nnbcd.baselines.factorised import Weight
from nnbcd.baselines.loop import Rows, measure, now
from nnbcd.checks import choice, count, number
from nnbcd.network import Network
from nnbcd.structures import Free

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Pair = tuple[ArrayLike | Tensor, ArrayLike | Tensor]

__all__ = ["DECOMPOSITIONS", "decomposed_sgd", "rank_for"]

DECOMPOSITIONS = ("tt", "cp", "tucker")
EVERY, FALL = 5, 0.9  # epochs, and what is left of the rate after them
MOMENTUM = 0.9


class TensorlyWeight(Weight):
    """A matrix (d_out, d_in) as CP or Tucker of tensorly-torch.

    Parameters
    ----------
    shape : (int, int)
        (d_out, d_in).
    rank : int
        Of both sides.
    kind : str
        ``cp`` or ``tucker``.
    """

    def __init__(self, shape: tuple[int, int], rank: int, kind: str) -> None:
        import tltorch

        nn.Module.__init__(self)
        self.structure, self.shape = Free(), shape
        self.register_buffer("mask", None)
        ranks = rank if kind == "cp" else (rank, rank)
        tensor = tltorch.FactorizedTensor.new(
            shape, rank=ranks, factorization=kind
        )
        tensor.normal_(0.0, (2.0 / shape[1]) ** 0.5)
        self.tensor = tensor
        self.factors = nn.ParameterList(tensor.parameters())

    def dense(self) -> Float[Tensor, "d_out d_in"]:
        """The matrix, shape (d_out, d_in)."""
        whole: Tensor = self.tensor.to_tensor()
        return whole

    def multiply(
        self,
        linear: AffineMap,
        x: Float[Tensor, "n d_in"],
        b: Float[Tensor, " q"] | None,
    ) -> Float[Tensor, "n d_out"]:
        """The affine image; see :meth:`Weight.multiply`.

        Parameters
        ----------
        linear : AffineMap
        x : Tensor
            Shape (n, d_in).
        b : Tensor or None
            Shape (d_out,).
        """
        return linear.forward(x, self.dense(), b)


def rank_for(network: Network, kind: str, ratio: float) -> int:
    """The largest rank, one for all, that stays within the budget.

    Parameters
    ----------
    network : Network
        Its structured layers are decomposed.
    kind : str
        ``cp`` or ``tucker``.
    ratio : float
        Stored over dense numbers of the whole network.
    """
    shapes = [
        linear.weight_shape
        for linear, structure in zip(
            network.maps, network.structures, strict=True
        )
        if not structure.free
    ]
    dense = sum(prod(shape) for shape in shapes)
    budget = ratio * network.dense_parameters
    budget -= network.dense_parameters - dense

    def stored(rank: int) -> int:
        middle = rank if kind == "cp" else rank * rank
        return sum(rank * sum(shape) + middle for shape in shapes)

    rank = 1
    while stored(rank + 1) <= budget:
        rank += 1
    return rank


def decomposed_sgd(
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    validation: Pair,
    kind: str = "tt",
    ratio: float = 0.19,
    lr: float = 0.01,
    epochs: int = 20,
    batch: int = 100,
    seed: int = 0,
    dtype: str = "float32",
    device: str | None = None,
) -> AdamResult:
    """Train the decomposed network by SGD with momentum 0.9.

    Parameters
    ----------
    network : Network
        d_0 inputs and one output a class; its structured layers are
        decomposed.
    x, y : array_like
        Features (N, d_0) and integer labels (N,).
    validation : (X, y)
        Shapes (M, d_0) and (M,).
    kind : str
        ``tt``, ``cp`` or ``tucker``.
    ratio : float
        Stored over dense numbers, in (0, 1].
    lr : float
        Learning rate of the first five epochs.
    epochs, batch : int
        Passes over the rows, and rows a step.
    seed : int
        Of the start and of the order of the rows.
    dtype, device
        As in :func:`nnbcd.baselines.train`.

    Raises
    ------
    ModuleNotFoundError
        CP and Tucker without tensorly-torch.
    """
    choice("kind", kind, DECOMPOSITIONS)
    rate = number("lr", lr, strict=True)
    for name, value in (("epochs", epochs), ("batch", batch)):
        count(name, value)
    rows = Rows.read(network, x, y, validation, dtype=dtype, device=device)
    model = _model(network, kind, ratio, seed).to(rows.x)
    optimiser = torch.optim.SGD(
        model.parameters(), lr=rate, momentum=MOMENTUM
    )
    generator = torch.Generator().manual_seed(seed)
    records, seconds, step = [], 0.0, 0
    for epoch in range(epochs):
        start, total = now(rows.x), rows.x.new_zeros(())
        for group in optimiser.param_groups:
            group["lr"] = rate * FALL ** (epoch // EVERY)
        order = torch.randperm(len(rows.x), generator=generator)
        parts = torch.split(order.to(rows.x.device), batch)
        for part in parts:
            loss = functional.cross_entropy(
                model(rows.x[part]), rows.codes[part]
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total, step = total + loss.detach(), step + 1
        seconds += now(rows.x) - start
        mean = float(total) / len(parts)
        records.append(measure(model, rows, step, seconds, mean))
    return AdamResult(model, tuple(records), rate, rows.classes)


def _model(
    network: Network, kind: str, ratio: float, seed: int
) -> FactorisedNetwork:
    if kind == "tt":
        return FactorisedNetwork(network.at_ratio(ratio), seed)
    # Of a free layer first: at_ratio would refuse what CP can hold.
    plain = network.with_structures([Free()] * len(network.layers))
    model = FactorisedNetwork(plain, seed)
    rank = rank_for(network, kind, ratio)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for i, structure in enumerate(network.structures):
            if not structure.free:
                shape = network.maps[i].weight_shape
                weight: Any = TensorlyWeight(shape, rank, kind)
                model.weights[i] = weight
    return model
