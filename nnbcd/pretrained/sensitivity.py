"""How much the outputs of a module feel an error within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.pretrained.calibration import Calibration, tensors_of
from nnbcd.pretrained.passes import watched
from nnbcd.pretrained.rows import Layer

__all__ = ["feel"]

PROBES = 4  # random directions of the outputs, a batch


def feel(
    reference: nn.Module,
    layers: Mapping[str, Layer],
    calibration: Calibration,
) -> dict[str, Tensor]:
    """How much the module's outputs feel each output of the layers.

    Sums of g g^T (q, q) over the rows g of gradients of random
    combinations of the outputs: signs drawn from seed 0.

    Parameters
    ----------
    reference : torch.nn.Module
    layers : dict of str to Layer
        Parts of it.
    calibration : Calibration

    Raises
    ------
    ValueError
        If gradients do not pass through the module.
    """
    felt: dict[str, Tensor] = {}
    generator = torch.Generator().manual_seed(0)
    for batch in calibration:
        taken: list[tuple[str, Tensor]] = []

        def take(
            name: str, _: Tensor, y: Tensor, taken: Any = taken
        ) -> Tensor:
            if not y.requires_grad:
                y = y.detach().requires_grad_()
            taken.append((name, y))
            return y.clone()  # what follows may write into its input

        with torch.enable_grad(), watched(layers, take):
            ends = tensors_of(calibration.forward(reference, batch))
            for _ in range(PROBES):
                signs = [_signs(end, generator) for end in ends]
                total = sum(
                    (s * e).sum() for s, e in zip(signs, ends, strict=True)
                )
                gradients = _gradients(total, [y for _, y in taken])
                for (name, _), g in zip(taken, gradients, strict=True):
                    if g is not None:
                        rows = _as_rows(layers[name], g)
                        product = rows.mT @ rows / PROBES
                        felt[name] = felt.get(name, 0) + product
    return felt


def _signs(like: Tensor, generator: torch.Generator) -> Tensor:
    bits = torch.randint(0, 2, like.shape, generator=generator)
    return (2 * bits - 1).to(like)


def _gradients(total: Any, points: list[Tensor]) -> Sequence[Tensor | None]:
    try:
        return torch.autograd.grad(
            total, points, retain_graph=True, allow_unused=True
        )
    except (RuntimeError, TypeError) as error:
        msg = (
            "metric 'outputs' needs gradients of the module's outputs, and "
            "there are none: use metric='layer'."
        )
        raise ValueError(msg) from error


def _as_rows(layer: Layer, g: Tensor) -> Tensor:
    g = g.double()
    if isinstance(layer, nn.Linear):
        return g.reshape(-1, g.shape[-1])
    return g.movedim(-3, -1).reshape(-1, g.shape[-3])
