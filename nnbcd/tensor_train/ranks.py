"""Which ranks a train can have, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

__all__ = [
    "Ranks",
    "feasible_ranks",
    "largest_cap",
    "parameter_count",
    "rank_for_ratio",
]

Ranks = int | Sequence[int] | None


def feasible_ranks(shape: Sequence[int], cap: Ranks) -> tuple[int, ...]:
    """Bond ranks under ``cap`` that the unfoldings of ``shape`` allow.

    The rank at a bond is at most the product of the modes on either side,
    and at most its neighbour's rank times the mode between them.

    Parameters
    ----------
    shape : sequence of int
        Mode sizes, d of them.
    cap : int, sequence of d - 1 ints, or None
        One cap for all bonds, one per bond, or none.

    Raises
    ------
    ValueError
        If a cap is below 1 or there are not d - 1 of them.

    Examples
    --------
    >>> feasible_ranks((4, 4, 4, 4), 8)
    (4, 8, 4)
    """
    bonds = len(shape) - 1
    if cap is None:
        caps = [prod(shape)] * bonds
    elif isinstance(cap, int):
        caps = [cap] * bonds
    else:
        caps = list(cap)
    if len(caps) != bonds:
        msg = (
            f"rank needs one cap per bond, {bonds} of them, got {len(caps)}."
        )
        raise ValueError(msg)
    if any(c < 1 for c in caps):
        msg = f"rank must be at least 1, got {min(caps)}."
        raise ValueError(msg)
    for k in range(bonds):
        caps[k] = min(caps[k], (caps[k - 1] if k else 1) * shape[k])
    for k in reversed(range(bonds)):
        after = caps[k + 1] if k + 1 < bonds else 1
        caps[k] = min(caps[k], after * shape[k + 1])
    return tuple(caps)


def parameter_count(shape: Sequence[int], cap: Ranks) -> int:
    """Numbers stored by a train of ``shape`` with ranks under ``cap``."""
    ranks = (1, *feasible_ranks(shape, cap), 1)
    return sum(
        r * n * s for r, n, s in zip(ranks, shape, ranks[1:], strict=False)
    )


def largest_cap(shape: Sequence[int], budget: float) -> int:
    """Largest cap whose train stores at most ``budget`` numbers, or 1.

    Parameters
    ----------
    shape : sequence of int
        Mode sizes.
    budget : float
        Numbers; below those of rank 1 the answer is 1 all the same.

    Examples
    --------
    >>> largest_cap((4, 4, 4, 4), 64.0), parameter_count((4, 4, 4, 4), 2)
    (2, 48)
    """
    low, high = 1, max(feasible_ranks(shape, None), default=1)
    while low < high:
        middle = (low + high + 1) // 2
        if parameter_count(shape, middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def rank_for_ratio(shape: Sequence[int], ratio: float) -> int:
    """Largest cap whose train stores at most ``ratio`` of the dense tensor.

    Parameters
    ----------
    shape : sequence of int
        Mode sizes.
    ratio : float
        Stored over dense numbers, in (0, 1].

    Raises
    ------
    ValueError
        If ratio is outside (0, 1], or even rank 1 stores more than that.

    Examples
    --------
    >>> rank_for_ratio((4,) * 10, 0.1)
    82
    """
    if not 0 < ratio <= 1:
        msg = f"ratio must lie in (0, 1], got {ratio}."
        raise ValueError(msg)
    budget = ratio * prod(shape)
    if parameter_count(shape, 1) > budget:
        least = parameter_count(shape, 1) / prod(shape)
        msg = f"ratio {ratio} is out of reach: rank 1 stores {least:.4f}."
        raise ValueError(msg)
    return largest_cap(shape, budget)
