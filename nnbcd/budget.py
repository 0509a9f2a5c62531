"""A size for the whole network: one share for all structured layers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

from nnbcd import checks
from nnbcd.structures import Structure

__all__ = ["share_budget"]

Shape = tuple[int, int]


def share_budget(
    structures: Sequence[Structure],
    shapes: Sequence[Shape],
    biases: int,
    ratio: float,
) -> tuple[Structure, ...]:
    """Members of the structures' families that fit a budget together.

    Every structured layer gets the same share of its dense numbers, the
    largest share (by bisection) with which the network fits. A layer whose
    smallest member stores more than that share gets its smallest member.

    Parameters
    ----------
    structures, shapes : sequence
        A structure and the shape (d_out, d_in) of its weight, by layer.
    biases : int
        Numbers stored in biases.
    ratio : float
        Stored over dense numbers of the whole network, biases included.

    Raises
    ------
    ValueError
        If ratio is outside (0, 1], or what cannot be compressed exceeds it.
    """
    pairs = list(zip(structures, shapes, strict=True))

    def at(share: float) -> tuple[Structure, ...]:
        return tuple(
            structure.sized(shape, share * prod(shape))
            for structure, shape in pairs
        )

    def stored(members: Sequence[Structure]) -> int:
        counts = zip(members, shapes, strict=True)
        return biases + sum(member.count(shape) for member, shape in counts)

    ratio = checks.share("ratio", ratio)
    dense = biases + sum(map(prod, shapes))
    budget = ratio * dense
    least = stored(at(0.0))
    if least > budget:
        free = biases + sum(prod(s) for x, s in pairs if x.free)
        msg = (
            f"ratio {ratio} allows {int(budget)} of {dense} numbers, but "
            f"free layers and biases store {free} and the smallest members "
            f"of the structures {least - free}, {least - int(budget)} too "
            f"many: raise ratio to {_ceil(least / dense)}, or give more "
            "layers a structure."
        )
        raise ValueError(msg)
    if stored(at(1.0)) <= budget:
        return at(1.0)
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if stored(at(middle)) <= budget:
            low = middle
        else:
            high = middle
    return at(low)


def _ceil(ratio: float) -> float:
    """Three decimals, rounded up: a ratio that is surely enough."""
    return min(1.0, ceil(1000 * ratio) / 1000)
