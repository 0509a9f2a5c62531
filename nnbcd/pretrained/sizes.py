"""Which member of its family each layer gets: by a budget, by an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import torch

from nnbcd import linalg
from nnbcd.quadratic import Quadratic
from nnbcd.structures import (
    Free,
    LowRank,
    Sparse,
    Structure,
    StructuredMatrix,
)

__all__ = ["Option", "allocate", "options", "smallest_within"]

SHRINK = 0.85  # from one size to the next, where a family has no spectrum


@dataclass(frozen=True)
class Option:
    """A size that a layer may have.

    Parameters
    ----------
    structure : Structure
        Free is the layer as it is.
    stored : int
        Numbers, without the bias.
    cost : float
        What its error costs, in a unit that all layers share.
    """

    structure: Structure
    stored: int
    cost: float


def options(q: Quadratic, family: Structure, unit: float) -> list[Option]:
    """The sizes of a layer from the smallest to the dense one.

    The cost is exact for low rank; for zeros the sum of what each dropped
    entry costs alone; for trains that of TT-SVD, which the fit improves.

    Parameters
    ----------
    q : Quadratic
        At W_0 (q, p), which minimises it.
    family : Structure
        Its sizes are tried.
    unit : float
        Factor on the costs.
    """
    shape = (q.at.shape[0], q.at.shape[1])
    size = prod(shape)
    found = [Option(Free(), size, 0.0)]
    if isinstance(family, LowRank):
        tails = _tails(q)
        for rank in reversed(range(1, min(shape))):
            stored = LowRank(rank).count(shape)
            if stored < size:
                cost = unit * float(tails[rank])
                found.append(Option(LowRank(rank), stored, cost))
        return found[::-1]
    budget, drop = SHRINK * size, _drop(q)
    while budget >= 1:
        member = family.sized(shape, budget)
        stored = member.count(shape)
        budget *= SHRINK
        if stored >= found[-1].stored:
            continue
        if isinstance(member, Sparse):
            cost = float(drop[size - stored])
        else:
            cost = float(q.value(member.project(q.at).dense))
        found.append(Option(member, stored, max(0.0, unit * cost)))
    return found[::-1]


def _tails(q: Quadratic) -> torch.Tensor:
    """Half the sums of the squared singular values after the first r."""
    seen = q.at @ linalg.factor(q.right)
    if q.left is not None:
        seen = linalg.factor(q.left).mT @ seen
    values: torch.Tensor = torch.linalg.svdvals(seen)
    tails: torch.Tensor = values.square().flip(0).cumsum(0).flip(0)
    return 0.5 * tails


def _drop(q: Quadratic) -> torch.Tensor:
    """Cost of dropping the cheapest k entries, k from 0 to all of them."""
    weight = q.right.diagonal()
    if q.left is not None:
        weight = weight * q.left.diagonal()[:, None]
    costs = (0.5 * q.at.square() * weight).flatten().sort().values
    return torch.cat([costs.new_zeros(1), costs.cumsum(0)])


def allocate(
    layers: Mapping[str, list[Option]], budget: float
) -> dict[str, Structure]:
    """Sizes that together fit a budget, at the least total cost found.

    From the smallest sizes on, the next step is always the one that saves
    most per number. Where costs are convex, as for low rank, that is the
    best there is, up to the last step.

    Parameters
    ----------
    layers : dict of str to list of Option
        From the smallest to the dense one.
    budget : float
        Numbers, biases not among them.

    Raises
    ------
    ValueError
        If the smallest sizes exceed the budget.
    """
    at = {name: 0 for name in layers}
    used = sum(sizes[0].stored for sizes in layers.values())
    if used > budget:
        msg = (
            f"ratio leaves {max(0, int(budget))} numbers for the weights to "
            f"be compressed, and the smallest ones store {used}: raise "
            "ratio, or include more layers."
        )
        raise ValueError(msg)
    while True:
        best: tuple[float, str, int, int] | None = None
        for name, sizes in layers.items():
            here = sizes[at[name]]
            for k in range(at[name] + 1, len(sizes)):
                more = sizes[k].stored - here.stored
                if used + more > budget:
                    break
                gain = (here.cost - sizes[k].cost) / more
                if best is None or gain > best[0]:
                    best = (gain, name, k, more)
        if best is None:
            return {n: sizes[at[n]].structure for n, sizes in layers.items()}
        _, name, k, more = best
        at[name], used = k, used + more


def smallest_within(
    sizes: list[Option],
    fit: Callable[[Structure], StructuredMatrix],
    error: Callable[[StructuredMatrix], float],
    tolerance: float,
) -> Structure:
    """The smallest size whose fit stays within an error, by bisection.

    Parameters
    ----------
    sizes : list of Option
        From the smallest to the dense one.
    fit, error : callable
        The member (q, p) of a structure, and its relative error.
    tolerance : float
        The error allowed; where no size has it, the layer stays dense.
    """
    low, high = 0, len(sizes) - 1
    while low < high:
        middle = (low + high) // 2
        if error(fit(sizes[middle].structure)) <= tolerance:
            high = middle
        else:
            low = middle + 1
    return sizes[high].structure
