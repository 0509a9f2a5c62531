"""How the rows of a problem are gone through, and summed.

U and V are updated row by row, and all else sees the data through sums over
rows alone. So it does not matter to the method where the rows lie: in memory,
in a file of which a piece is read at a time, or shared out among processes.
That is decided here, and the blocks never ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from nnbcd import mapped
from nnbcd._typing import Tensor
from nnbcd.group import Group

if TYPE_CHECKING:
    from nnbcd.problem import Problem
    from nnbcd.state import State

__all__ = ["Rows"]

Tensors = tuple[Tensor, ...]
Pass = Callable[..., tuple[Tensors, Tensors]]


@dataclass(frozen=True)
class Rows:
    """The rows of this process: in one piece unless ``chunk`` says more.

    Parameters
    ----------
    chunk : int or None
        Rows held in memory at a time; the rest lies in mapped files.
    group : Group or None
        The processes that hold the other rows.
    first : int
        Number of this process's first row among all.
    every : int or None
        Rows of all processes together; None: those there are here.
    """

    chunk: int | None = None
    group: Group | None = None
    first: int = 0
    every: int | None = None

    @property
    def whole(self) -> bool:
        """True where all rows are here, in one piece."""
        return self.chunk is None and self.group is None

    def slices(self, n: int) -> list[slice]:
        """The pieces of n rows; one empty piece if there are none."""
        size = self.chunk or max(n, 1)
        return [slice(k, min(k + size, n)) for k in range(0, max(n, 1), size)]

    def parts(
        self, problem: Problem, *states: State
    ) -> Iterator[tuple[slice, tuple[Any, ...]]]:
        """The problem and the states cut to one piece of rows after another.

        A piece is a problem of its own, all rows of which are there. Pages
        that were read for it are let go when the next one is asked for.
        """
        for part in self.slices(len(problem.x)):
            x, y = problem.x[part], problem.y[part]
            piece = replace(problem, x=x, y=y, rows=Rows())
            cut = [state.cut(part) for state in states]
            yield part, (piece, *cut)
            if self.chunk is not None:
                mapped.release(x, y)
                for state in cut:
                    mapped.release(*state.u, *state.v, *state.affine)
                mapped.trim()

    def go(
        self, through: Pass, problem: Problem, *states: State
    ) -> tuple[Tensors, Tensors]:
        """One pass: row blocks put together, sums added up.

        Parameters
        ----------
        through : callable
            Called with a piece of the problem and of each state; returns
            new row blocks (n, d) and sums over these n rows, any shape.
        problem, states
            N rows here.

        Returns
        -------
        blocks : tuple of Tensor
            Shapes (N, d).
        sums : tuple of Tensor
            Over all rows of all processes. Added in float64; of the number
            type they came in.
        """
        if self.whole:
            return through(problem, *states)
        blocks: list[Tensor] = []
        sums: list[Tensor] = []
        kinds: list[torch.dtype] = []
        for part, piece in self.parts(problem, *states):
            fresh, terms = through(*piece)
            blocks = self._put(blocks, len(problem.x), part, fresh)
            kinds = [x.dtype for x in terms]
            wide = [x.double() for x in terms]
            if sums:
                wide = [a + b for a, b in zip(sums, wide, strict=True)]
            sums = wide
        return tuple(blocks), tuple(
            x.to(kind) for x, kind in zip(self.add(*sums), kinds, strict=True)
        )

    def _put(
        self, blocks: list[Tensor], n: int, part: slice, fresh: Tensors
    ) -> list[Tensor]:
        """The new rows put in their places among n."""
        if self.chunk is None:
            return list(fresh)
        if not blocks:
            blocks = [mapped.empty((n, *x.shape[1:]), x.dtype) for x in fresh]
        for block, x in zip(blocks, fresh, strict=True):
            block[part] = x
            mapped.release(block)
        return blocks

    def map(
        self, update: Callable[..., Tensor], problem: Problem, *states: State
    ) -> Tensor:
        """A row block (N, d) by a function of a piece of rows."""

        def through(*piece: Any) -> tuple[Tensors, Tensors]:
            return (update(*piece),), ()

        return self.go(through, problem, *states)[0][0]

    def total(
        self, terms: Callable[..., Tensors], problem: Problem, *states: State
    ) -> Tensors:
        """Sums over all rows by a function of a piece of rows."""

        def through(*piece: Any) -> tuple[Tensors, Tensors]:
            return (), terms(*piece)

        return self.go(through, problem, *states)[1]

    def add(self, *sums: Tensor) -> Tensors:
        """Sums of this process's rows, added over the processes.

        However many they are, they go out in one message, as float64.
        """
        if self.group is None or not sums:
            return sums
        flat = torch.cat([x.double().reshape(-1) for x in sums])
        flat, start, out = self.group.add(flat), 0, []
        for x in sums:
            part = flat.narrow(0, start, x.numel())
            out.append(part.reshape(x.shape).to(x.dtype))
            start += x.numel()
        return tuple(out)

    def agree(self, wish: bool) -> bool:
        """True where any process wishes it: what they decide together."""
        if self.group is None:
            return wish
        flag = torch.tensor([float(wish)], dtype=torch.float64)
        return bool(self.group.add(flag) > 0)

    def keep(self, x: Tensor) -> Tensor:
        """Rows (N, d) where they are to lie: in a file if cut in pieces."""
        if self.chunk is None or mapped.is_mapped(x):
            return x
        out = mapped.empty(x.shape, x.dtype)
        for part in self.slices(len(x)):
            out[part] = x[part]
            mapped.release(out)
        return out

    def pick(self, problem: Problem, numbers: Tensor) -> Tensors:
        """X and y of the numbered rows, counted over all, that are here."""
        if self.group is not None:
            here = self.among(problem, numbers)
            numbers = numbers[here] - self.first
        x, y = problem.x, problem.y
        return mapped.take(x, numbers), mapped.take(y, numbers)

    def among(self, problem: Problem, numbers: Tensor) -> Tensor:
        """Which of the numbered rows are here: a mask, as ``numbers``."""
        here = numbers - self.first
        return (here >= 0) & (here < len(problem.x))

    def here(self, n: int) -> slice:
        """Which rows of all are these n."""
        return slice(self.first, self.first + n)
