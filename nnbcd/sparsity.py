"""Sparse matrices: keep the k largest entries, and what is really alive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from nnbcd._typing import Bool, Float, Tensor

__all__ = ["effective_masks", "keep_largest"]


def keep_largest(w: Float[Tensor, "*s"], k: int) -> Bool[Tensor, "*s"]:
    r"""Mask of the ``k`` entries of largest magnitude.

    ``w * keep_largest(w, k)`` is a nearest point to ``w`` among all tensors
    with at most k non-zeros (the best k-term approximation). Ties are
    broken by position, the first in row-major order wins, so that the map
    is a function.

    Parameters
    ----------
    w : Tensor
        Any shape.
    k : int
        How many entries to keep, 0 <= k <= number of entries.

    Raises
    ------
    ValueError
        If k is negative or larger than the number of entries.

    Examples
    --------
    >>> keep_largest(torch.tensor([1.0, -3.0, 2.0, 2.0]), 2).tolist()
    [False, True, True, False]
    """
    size = w.numel()
    if not 0 <= k <= size:
        msg = f"k must lie between 0 and {size}, got {k}."
        raise ValueError(msg)
    if k == 0:
        return torch.zeros_like(w, dtype=torch.bool)
    flat = w.abs().reshape(-1)
    threshold = flat.kthvalue(size - k + 1).values
    above = flat > threshold
    tied = flat == threshold
    room = k - above.sum()
    return (above | (tied & (tied.cumsum(0) <= room))).reshape(w.shape)


def effective_masks(
    masks: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    activations: Sequence[Callable[[Tensor], Tensor]],
) -> tuple[Tensor, ...]:
    """Masks of the entries that can still influence the output.

    A hidden unit is dead when its outgoing column is empty, or when its
    incoming row is empty and the constant it emits, sigma(b), is zero or
    can be folded into the next bias. Dead rows and columns are cleared
    until nothing changes.

    Parameters
    ----------
    masks : sequence of bool tensors, shape (d_i, d_{i-1})
        Non-zero entries of each weight of a fully connected network.
    biases : sequence of Tensor of shape (d_i,), or None
        ``None`` where a layer has no bias.
    activations : sequence of callables
        sigma_i of each layer.

    Returns
    -------
    tuple of bool tensors
        Same shapes as ``masks``.
    """
    alive = [mask.clone() for mask in masks]
    changed = True
    while changed:
        changed = False
        for i in range(len(alive) - 1):
            emitted = biases[i]
            silent = ~alive[i].any(1)
            if biases[i + 1] is None and emitted is not None:
                silent &= activations[i](emitted) == 0  # nowhere to fold
            dead = silent | ~alive[i + 1].any(0)
            if bool(alive[i][dead].any() | alive[i + 1][:, dead].any()):
                alive[i][dead] = False
                alive[i + 1][:, dead] = False
                changed = True
    return tuple(alive)
