"""One sweep of the lifted algorithm: blocks V, U, W, G, last layer first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from nnbcd import objective
from nnbcd._typing import Float, Tensor
from nnbcd.blocks import g, u, v, w, w_set
from nnbcd.history import BlockRecord
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["AscentError", "Update", "read", "sweep"]

Scalar = Float[Tensor, ""]
Tensors = tuple[Tensor, ...]


class AscentError(ArithmeticError):
    """A block update raised the objective; the message names the block."""


@dataclass(frozen=True)
class Update:
    """A block update as it happened, numbers still on the device."""

    layer: int
    block: str
    before: Scalar
    after: Scalar
    squared_step: Scalar
    guaranteed: Scalar
    seconds: float


class _Ledger:
    """Phi kept term by term, so that a block pays for its own terms only."""

    def __init__(self, problem: Problem, state: State) -> None:
        self.terms = objective.terms(problem, state)

    def total(self) -> Scalar:
        return torch.stack(list(self.terms.values())).sum()


def sweep(problem: Problem, state: State) -> Iterator[tuple[State, Update]]:
    """Yield the state after every block update of one sweep.

    The order is that of the paper: i = L, ..., 1 and inside a layer V, U,
    W (with b), G, each with the newest value of every other block.

    Parameters
    ----------
    problem : Problem
    state : State
        The iterate before the sweep; it is not changed.

    Yields
    ------
    State
        After the block.
    Update
        What the block did.
    """
    ledger = _Ledger(problem, state)
    for i in reversed(range(problem.depth)):
        for name, move in _BLOCKS.items():
            if name == "G" and not problem.has_copy(i):
                continue
            start, before = time.perf_counter(), ledger.total()
            state, squared_step, guaranteed = move(problem, state, i, ledger)
            seconds = time.perf_counter() - start
            after = ledger.total()
            yield (
                state,
                Update(
                    i, name, before, after, squared_step, guaranteed, seconds
                ),
            )


def read(updates: Sequence[Update], number: int) -> list[BlockRecord]:
    """The updates of sweep ``number`` on the host, in one transfer."""
    if not updates:
        return []
    table = torch.stack(
        [
            torch.stack([x.before, x.after, x.squared_step, x.guaranteed])
            for x in updates
        ]
    ).tolist()
    return [
        BlockRecord(
            number,
            x.layer + 1,
            x.block,
            before,
            after,
            max(squared, 0.0) ** 0.5,
            guaranteed,
            x.seconds,
        )
        for x, (before, after, squared, guaranteed) in zip(
            updates, table, strict=True
        )
    ]


Moved = tuple[State, Scalar, Scalar]


def _move_v(problem: Problem, state: State, i: int, ledger: _Ledger) -> Moved:
    last = i == problem.depth - 1

    def rows(part: Problem, state: State) -> tuple[Tensors, Tensors]:
        new = v.update(part, state, i)
        squared = squared_norm(new - state.v[i])
        state = state.put(i, v=new)
        gap = objective.activation_term(part, state, i)
        if last:
            return (new,), (squared, gap, objective.loss_term(part, state))
        image, above = _image(part, state, i + 1)
        return (new, image), (squared, gap, above)

    blocks, sums = problem.rows.go(rows, problem, state)
    squared, ledger.terms[f"activation[{i + 1}]"], above = sums
    state = state.put(i, v=blocks[0], affine=state.affine[i])
    if last:
        ledger.terms["loss"] = above
    else:
        ledger.terms[f"affine[{i + 2}]"] = above
        state = state.put(i + 1, affine=blocks[1])
    return state, squared, v.guarantee(problem, i) * squared


def _move_u(problem: Problem, state: State, i: int, ledger: _Ledger) -> Moved:
    def rows(part: Problem, state: State) -> tuple[Tensors, Tensors]:
        new = u.update(part, state, i)
        squared = squared_norm(new - state.u[i])
        state = state.put(i, u=new)
        gap = objective.activation_term(part, state, i)
        return (new,), (squared, gap, objective.affine_term(part, state, i))

    (new,), sums = problem.rows.go(rows, problem, state)
    squared, *gaps = sums
    ledger.terms[f"activation[{i + 1}]"] = gaps[0]
    ledger.terms[f"affine[{i + 1}]"] = gaps[1]
    return state.put(i, u=new), squared, u.guarantee(problem, i) * squared


def _move_w(problem: Problem, state: State, i: int, ledger: _Ledger) -> Moved:
    in_set = state.g[i] is not None and not problem.has_copy(i)
    data = None
    if in_set or not w.few_rows(problem, i):
        data = w.regression(problem, state, i)
    old_w, old_b = state.w[i], state.b[i]
    if in_set:
        assert data is not None
        member, new_b = w_set.update(problem, state, i, data)
        new_w = member.dense
        state = state.put(i, w=new_w, b=new_b, g=member)
    else:
        new_w, new_b = w.update(problem, state, i, data)
        state = state.put(i, w=new_w, b=new_b)
    dw, db = new_w - old_w, None
    squared = squared_norm(dw)
    if new_b is not None and old_b is not None:
        db = new_b - old_b
        squared = squared + squared_norm(db)
    if i == 0 or data is None:
        # X stays as it is, so its image is needed again; and with few rows
        # the image is cheap: take it directly.
        state = _refresh(problem, state, i, ledger)
    else:
        name, rho = f"affine[{i + 1}]", problem.layers[i].rho
        change = objective.affine_change(
            rho, data.gram, data.residual, w.joined(dw, db)
        )
        before = ledger.terms[name]
        ledger.terms[name] = before + change
        # A term that all but vanishes would keep the rounding of its past.
        # (A GPU is not stopped to look: the end of the sweep is direct.)
        if change.device.type == "cpu" and bool(-change > 0.9999 * before):
            state = _refresh(problem, state, i, ledger)
    _account_weight(problem, state, i, ledger)
    if in_set:
        return state, squared, w_set.guarantee(problem, i) * squared
    return state, squared, w.guarantee(problem, i, dw, db)


def _move_g(problem: Problem, state: State, i: int, ledger: _Ledger) -> Moved:
    new, squared = g.update(problem, state, i)
    state = state.put(i, g=new)
    _account_weight(problem, state, i, ledger)
    squared = squared.double()
    return state, squared, g.guarantee(problem, i) * squared


_BLOCKS = {"V": _move_v, "U": _move_u, "W": _move_w, "G": _move_g}


def _refresh(
    problem: Problem, state: State, i: int, ledger: _Ledger
) -> State:
    """Recompute the affine image of layer i and its term."""

    def rows(part: Problem, state: State) -> tuple[Tensors, Tensors]:
        image, gap = _image(part, state, i)
        return (image,), (gap,)

    (image,), (gap,) = problem.rows.go(rows, problem, state)
    ledger.terms[f"affine[{i + 1}]"] = gap
    return state.put(i, affine=image)


def _image(problem: Problem, state: State, i: int) -> tuple[Tensor, Scalar]:
    """The affine image of layer i, anew, and the affine term."""
    state = state.put(i, affine=None)
    image = objective.affine_image(problem, state, i)
    state = state.put(i, affine=image)
    return image, objective.affine_term(problem, state, i)


def _account_weight(
    problem: Problem, state: State, i: int, ledger: _Ledger
) -> None:
    if problem.has_copy(i):
        ledger.terms[f"structure[{i + 1}]"] = objective.structure_term(
            problem, state, i
        )
    if problem.layers[i].ridge:
        ledger.terms[f"ridge[{i + 1}]"] = objective.ridge_term(
            problem, state, i
        )
