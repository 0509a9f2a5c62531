"""Units that no longer matter, taken out: the same function, smaller.

A hidden unit whose incoming weights are all zero is a constant, sigma(b):
it is folded into the biases that read it. One that nothing reads is dropped.
This repeats until nothing changes. Rows and columns can be taken out of
dense, sparse and low-rank weights; a unit next to a tensor train or a
convolution stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nnbcd._typing import Bool, Tensor
from nnbcd.affine import AffineMap, DenseMap
from nnbcd.piecewise import PiecewiseLinear
from nnbcd.structures import LowRank, Structure, StructuredMatrix
from nnbcd.tensor_train import TTCores

__all__ = ["Part", "lean"]


@dataclass(frozen=True, eq=False)
class Part:
    """One layer on its way to a module.

    Parameters
    ----------
    linear : AffineMap
        Its sizes, before anything was taken out.
    structure : Structure
        Of the weight.
    member : StructuredMatrix
        The weight, (d_out, d_in), with what it stores.
    bias : Tensor or None
        Shape (d_out,).
    sigma : PiecewiseLinear
        The activation.
    """

    linear: AffineMap
    structure: Structure
    member: StructuredMatrix
    bias: Tensor | None
    sigma: PiecewiseLinear


def lean(parts: Sequence[Part]) -> list[Part]:
    """The parts without the units that are dead.

    At least one unit of a layer stays. A unit whose constant has nowhere
    to go, because the next layer has no bias, stays as well.

    Parameters
    ----------
    parts : sequence of Part
        From the input to the output; weights of shape (d_i, d_{i-1}).
    """
    parts = list(parts)
    changed = True
    while changed:
        changed = False
        for i in range(len(parts) - 1):
            here, after = parts[i], parts[i + 1]
            if _cuttable(here) and _cuttable(after):
                after, unread = _fold(here, after)
                if bool(unread.all()):
                    unread[0] = False
                if bool(unread.any()):
                    here = _rows(here, ~unread)
                    after = _columns(after, ~unread)
                    changed = True
                parts[i], parts[i + 1] = here, after
    return parts


def _cuttable(part: Part) -> bool:
    factored = part.member.cores is not None
    return isinstance(part.linear, DenseMap) and (
        not factored or isinstance(part.structure, LowRank)
    )


def _fold(here: Part, after: Part) -> tuple[Part, Bool[Tensor, " d"]]:
    """Constants moved to the next bias, and the units nothing reads then."""
    weight = after.member.dense
    silent = ~here.member.dense.any(1)
    b = here.bias
    constant = here.sigma(weight.new_zeros(len(silent)) if b is None else b)
    if after.bias is None:
        silent &= constant == 0
    else:
        moved = weight[:, silent] @ constant[silent]
        after = replace(after, bias=after.bias + moved)
    after = _scaled(after, (~silent).to(weight))
    return after, silent | ~weight.any(0)


def _scaled(part: Part, factor: Tensor) -> Part:
    """Columns of the weight times ``factor``."""
    member = part.member
    cores = member.cores
    if cores is not None:
        first, last = cores.cores
        cores = TTCores((first, last * factor[:, None]))
    scaled = StructuredMatrix(member.dense * factor, cores, member.mask)
    return replace(part, member=scaled)


def _rows(part: Part, kept: Tensor) -> Part:
    member = part.member
    cores, mask = member.cores, member.mask
    if cores is not None:
        first, last = cores.cores
        cores = TTCores((first[:, kept], last))
    return replace(
        part,
        member=StructuredMatrix(
            member.dense[kept], cores, None if mask is None else mask[kept]
        ),
        bias=None if part.bias is None else part.bias[kept],
    )


def _columns(part: Part, kept: Tensor) -> Part:
    member = part.member
    cores, mask = member.cores, member.mask
    if cores is not None:
        first, last = cores.cores
        cores = TTCores((first, last[:, kept]))
    return replace(
        part,
        member=StructuredMatrix(
            member.dense[:, kept],
            cores,
            None if mask is None else mask[:, kept],
        ),
    )
