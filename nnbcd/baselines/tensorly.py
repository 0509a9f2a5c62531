"""A tensor train as a layer of tensorly-torch, with the same cores.

tensorly-torch (``tltorch``) has the layer that a user of tensor trains would
reach for: ``FactorizedLinear`` with the factorisation ``blocktt``, a matrix
in TT-matrix order. It stores the cores that :func:`nnbcd.baselines.train`
trains, and multiplies with the same matrix: Adam on either is Adam on the
cores. The baseline trains them without it, as it also takes what
``blocktt`` cannot hold, the paper's modes that cut across rows and columns.
"""

from __future__ import annotations

from math import prod
from typing import Any

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.baselines.factorised import Weight
from nnbcd.structures import LowRank, TensorTrain

__all__ = ["tensorly_layer"]


def tensorly_layer(
    weight: Weight, bias: Float[Tensor, " d_out"] | None = None
) -> Any:
    """``tltorch.FactorizedLinear`` with a copy of the cores of ``weight``.

    Parameters
    ----------
    weight : Weight
        A tensor train of shape (d_out, d_in), with pairs, or with modes of
        which the first few multiply to d_out.
    bias : Tensor, optional
        Shape (d_out,).

    Raises
    ------
    ModuleNotFoundError
        Without tensorly-torch: ``pip install 'nnbcd[tensorly]'``.
    ValueError
        If the weight is no tensor train, or its modes cut across rows and
        columns.
    """
    import tltorch

    pairs = _pairs(weight)
    rows, columns = (tuple(side) for side in zip(*pairs, strict=True))
    ranks = [core.shape[0] for core in weight.factors]
    matrix = tltorch.TensorizedTensor.new(
        (rows, columns), rank=[*ranks, 1], factorization="blocktt"
    )
    layer = tltorch.FactorizedLinear(
        columns, rows, bias=bias is not None, factorization=matrix
    )
    layer.to(weight.factors[0])
    with torch.no_grad():
        for ours, theirs in zip(
            weight.factors, layer.weight.factors, strict=True
        ):
            theirs.copy_(ours.reshape(theirs.shape))
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def _pairs(weight: Weight) -> list[tuple[int, int]]:
    """Rows and columns of each mode, one of them 1 where modes are given."""
    structure, shape = weight.structure, weight.shape
    if isinstance(structure, LowRank) or not isinstance(
        structure, TensorTrain
    ):
        msg = f"weight must be a TensorTrain, got {structure!r}."
        raise ValueError(msg)
    if structure.pairs is not None:
        return list(structure.pairs)
    modes = structure.tensor_shape(shape)
    for k in range(len(modes) + 1):
        if prod(modes[:k]) == shape[0]:
            return [(n, 1) for n in modes[:k]] + [(1, n) for n in modes[k:]]
    msg = (
        f"modes {modes} cut across rows and columns of a {shape[0]} x "
        f"{shape[1]} weight, which blocktt cannot hold: use pairs."
    )
    raise ValueError(msg)
