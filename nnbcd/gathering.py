"""All rows of a problem, from the files and processes that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from nnbcd import mapped
from nnbcd._typing import Float, Tensor
from nnbcd.rows import Rows
from nnbcd.state import State

__all__ = ["gathered", "kept", "stream"]


def stream(rows: Rows, x: Float[Tensor, "n d"]) -> Iterator[Tensor]:
    """All N rows in their order, piece by piece, for process 0.

    Parameters
    ----------
    rows : Rows
    x : Tensor
        Those of this process, shape (n, d).
    """
    if rows.group is not None:
        yield from rows.group.collect(x)
        return
    for part in rows.slices(len(x)):
        yield x[part]
        mapped.release(x)


def gathered(rows: Rows, state: State) -> State:
    """The state with the rows of all processes; whole in process 0.

    Parameters
    ----------
    rows : Rows
    state : State
        U_i and V_i of shape (n, d_i).
    """
    if rows.group is None:
        return state
    first, every = rows.group.rank == 0, rows.every or 0

    def whole(x: Tensor) -> Tensor:
        out, done = x[:0], 0  # elsewhere: nobody looks at it
        if first and rows.chunk is not None:
            out = mapped.empty((every, x.shape[1]), x.dtype)
        elif first:
            out = x.new_empty(every, x.shape[1])
        for piece in stream(rows, x):
            if first:
                out[done : done + len(piece)] = piece
                mapped.release(out)
            done += len(piece)
        return out

    return _each(state, whole)


def kept(rows: Rows, state: State) -> State:
    """The state with its rows where they are to lie.

    Parameters
    ----------
    rows, state
        As in :func:`gathered`.
    """
    return _each(state, rows.keep)


def _each(state: State, move: Callable[[Tensor], Tensor]) -> State:
    """The state with its row blocks moved; one that is two stays so."""
    moved: dict[int, Tensor] = {}

    def once(x: Tensor | None) -> Any:
        if x is None:
            return None
        if id(x) not in moved:
            moved[id(x)] = move(x)
        return moved[id(x)]

    blocks: dict[str, Any] = {
        name: tuple(once(x) for x in getattr(state, name))
        for name in ("u", "v", "affine")
    }
    return replace(state, **blocks)
