r"""How to multiply by a tensor train, and what each way costs.

Every mode is split into a row part and a column part, n_k = i_k j_k, so that
core k is an array (r_{k-1}, i_k, j_k, r_k). Then Y = X W^T can be had

* by *contraction*: one core after the other is multiplied into X, from the
  left or from the right;
* by *factors*, where a bond lies between rows and columns: the cores on
  either side are multiplied into W = A B, once a call, and X with both;
* by *rebuilding* W, once a call, and one dense product.

All are exact. The counts below are of multiplications and additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from nnbcd._typing import Float, Tensor

__all__ = [
    "by_factors",
    "contract",
    "contraction_flops",
    "costs",
    "middle",
    "rebuild_flops",
    "split_modes",
]

Pairs = Sequence[tuple[int, int]]


def split_modes(
    modes: Sequence[int], rows: int, columns: int
) -> tuple[tuple[int, int], ...] | None:
    """Row and column part of each mode of a row-major matrix.

    Modes left of the border between rows and columns are all row, those
    right of it all column, and one that lies across is split. None if it
    cannot be split: then no contraction is possible, only rebuilding.

    Parameters
    ----------
    modes : sequence of int
        Their product is rows * columns.
    rows, columns : int
        Shape (d_out, d_in) of the matrix.

    Examples
    --------
    >>> split_modes((4, 4, 4), 8, 8)
    ((4, 1), (2, 2), (1, 4))
    >>> split_modes((3, 3, 4), 6, 6)  # 6 rows are 3 times 2, 2 not in 3
    """
    if prod(modes) != rows * columns:
        msg = f"modes {tuple(modes)} do not multiply to {rows} x {columns}."
        raise ValueError(msg)
    left, out = rows, []
    for n in modes:
        if left % n == 0:
            out.append((n, 1))
            left //= n
        elif n % left == 0:
            out.append((left, n // left))
            left = 1
        else:
            return None
    return tuple(out)


def contraction_flops(
    pairs: Pairs, ranks: Sequence[int], *, reverse: bool
) -> int:
    """Flops a row of X, one core after the other.

    Parameters
    ----------
    pairs : sequence of (int, int)
        (i_k, j_k) of each core.
    ranks : sequence of int
        r_0, ..., r_d.
    reverse : bool
        Whether to begin with the last core.
    """
    if reverse:
        pairs, ranks = list(pairs)[::-1], list(ranks)[::-1]
    done, rest, total = 1, prod([j for _, j in pairs]), 0
    for (i, j), r, s in zip(pairs, ranks, ranks[1:], strict=False):
        total += 2 * done * i * r * s * rest  # rest still holds j
        done, rest = done * i, rest // j
    return total


def rebuild_flops(modes: Sequence[int], ranks: Sequence[int]) -> int:
    """Flops to rebuild the dense tensor, core by core from the left.

    Parameters
    ----------
    modes : sequence of int
        n_1, ..., n_d.
    ranks : sequence of int
        r_0, ..., r_d.
    """
    done, total = modes[0], 0
    for n, r, s in zip(modes[1:], ranks[1:], ranks[2:], strict=False):
        total += 2 * done * r * n * s
        done *= n
    return total


def middle(pairs: Pairs) -> int | None:
    """How many cores lie left of the bond between rows and columns.

    None if there is no such bond.

    Parameters
    ----------
    pairs : sequence of (int, int)
        (i_k, j_k) of each core.

    Examples
    --------
    >>> middle(((4, 1), (4, 1), (1, 8))), middle(((2, 2), (2, 2)))
    (2, None)
    """
    for k in range(1, len(pairs)):
        rows, columns = pairs[:k], pairs[k:]
        if all(j == 1 for _, j in rows) and all(i == 1 for i, _ in columns):
            return k
    return None


def costs(
    modes: Sequence[int], ranks: Sequence[int], pairs: Pairs | None
) -> dict[str, tuple[int, int]]:
    """Flops of each way: once a call, and for every row of X.

    Parameters
    ----------
    modes : sequence of int
        n_1, ..., n_d.
    ranks : sequence of int
        r_0, ..., r_d.
    pairs : sequence of (int, int) or None
        (i_k, j_k) of each core; None: W can only be rebuilt.

    Examples
    --------
    >>> costs((4, 4), (1, 2, 1), ((4, 1), (1, 4)))["factors"]
    (0, 32)
    """
    ways = {}
    if pairs is not None:
        each = [
            contraction_flops(pairs, ranks, reverse=turned)
            for turned in (False, True)
        ]
        ways["contract"] = (0, min(each))
        k = middle(pairs)
        if k is not None:
            # The right half, turned round, is rebuilt from its far end.
            once = rebuild_flops(modes[:k], ranks[: k + 1])
            once += rebuild_flops(modes[k:][::-1], ranks[k:][::-1])
            ends = prod(modes[:k]) + prod(modes[k:])
            ways["factors"] = (once, 2 * ranks[k] * ends)
    ways["rebuild"] = (rebuild_flops(modes, ranks), 2 * prod(modes))
    return ways


def by_factors(
    x: Float[Tensor, "n d_in"], cores: Sequence[Tensor], k: int
) -> Float[Tensor, "n d_out"]:
    """X W^T with W = A B, the first k cores A and the others B.

    Parameters
    ----------
    x : Tensor
        Shape (N, d_in).
    cores : sequence of Tensor
        Those of the rows, then those of the columns.
    k : int
        From :func:`middle`.
    """
    rank = cores[k].shape[0]
    left = cores[0].reshape(-1, cores[0].shape[2])
    for core in cores[1:k]:
        left = left @ core.reshape(core.shape[0], -1)  # (.., n s)
        left = left.reshape(-1, core.shape[2])
    right = cores[-1].reshape(cores[-1].shape[0], -1)
    for core in reversed(list(cores[k:-1])):
        right = core.reshape(-1, core.shape[2]) @ right  # (r n, ..)
        right = right.reshape(core.shape[0], -1)
    return (x @ right.reshape(rank, -1).mT) @ left.reshape(-1, rank).mT


def contract(
    x: Float[Tensor, "n d_in"],
    cores: Sequence[Tensor],
    pairs: Pairs,
    *,
    reverse: bool,
) -> Float[Tensor, "n d_out"]:
    """X W^T with the cores of W, W never formed.

    Parameters
    ----------
    x : Tensor
        Shape (N, d_in).
    cores : sequence of Tensor
        Core k of shape (r_{k-1}, i_k j_k, r_k).
    pairs : sequence of (int, int)
        (i_k, j_k) of each core.
    reverse : bool
        Whether to begin with the last core.
    """
    pairs, cores = list(pairs), list(cores)
    if not reverse:  # the same with the train turned round
        x = _turn(x, [j for _, j in pairs])
        pairs, cores = pairs[::-1], cores[::-1]
        cores = [core.permute(2, 1, 0) for core in cores]
    rest, z = prod([j for _, j in pairs]), x
    for (i, j), core in zip(reversed(pairs), reversed(cores), strict=True):
        # z: rows (N, rows of W done, columns to come), last (j, s)
        r, s = core.shape[0], core.shape[2]
        matrix = core.reshape(r, i, j, s).permute(2, 3, 1, 0)
        z = z.reshape(-1, j * s) @ matrix.reshape(j * s, i * r)
        rest //= j
        if i > 1 and rest > 1:
            z = z.reshape(-1, rest, i, r).transpose(1, 2)
    y = z.reshape(-1, prod([i for i, _ in pairs]))
    # The modes of the rows came last to first.
    return _turn(y, [i for i, _ in pairs][::-1]) if reverse else y


def _turn(x: Float[Tensor, "n d"], sizes: Sequence[int]) -> Tensor:
    """Rows of x, seen as arrays of ``sizes``, with the axes reversed."""
    if sum(size > 1 for size in sizes) < 2:
        return x
    axes = range(len(sizes), 0, -1)
    return x.reshape(-1, *sizes).permute(0, *axes).reshape(-1, x.shape[1])
