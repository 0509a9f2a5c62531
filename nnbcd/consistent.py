"""A sweep of the consistent coupling: descent of the true training loss."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch

from nnbcd import objective, prox_linear
from nnbcd._typing import Float, Tensor
from nnbcd.blocks.w import joined
from nnbcd.couplings import Consistent, ProxLinear
from nnbcd.initialisation import forward_state
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.prox_linear.memory import at_rest
from nnbcd.row_pass import Weights, row_pass
from nnbcd.state import State
from nnbcd.sweep import Update

__all__ = ["sweep"]

SHARES = (0.5, 0.25, 0.125)
AVERAGED = 0.93  # change of the step after a sweep whose mean was taken


def sweep(
    problem: Problem, state: State, number: int
) -> tuple[State, Update]:
    """One pass over the rows, accepted only if the true loss falls.

    The pass proposes its last weights and their mean on the way; the
    better one is taken. If neither lowers the loss enough, shorter steps
    to the last weights are tried, and then the old state is kept.

    Parameters
    ----------
    problem : Problem
        With a :class:`nnbcd.couplings.Consistent` coupling.
    state : State
        U and V (N, d_i) are the forward pass of the weights.
    number : int
        Decides the order of the rows, so that runs repeat exactly.

    Returns
    -------
    State
        The state after the sweep, or the old one if every step was refused.
    Update
        One entry for the whole sweep: the loss before and after.
    """
    start = time.perf_counter()
    assert isinstance(problem.coupling, Consistent)
    before = objective.value(problem, state)
    modulus = problem.coupling.decrease * problem.samples
    last, mean, memory = _propose(problem, state, number)
    proposals = [x for x in (last, mean) if x is not None]
    trials = [_trial(problem, state, weights) for weights in proposals]
    share = 1.0
    taken = _best(trials, before, modulus)
    for share in SHARES if taken is None else ():
        if last is None:
            continue
        trial = _trial(problem, state, _part_way(problem, state, last, share))
        taken = _best([trial], before, modulus)
        if taken is not None:
            break
    # The next step is shorter after a refusal, longer after a success. A
    # mean that beats the last weights says that noise has taken over: then
    # it is shorter too, unless steps shorten anyway.
    averaged = mean is not None and taken is not None and taken is trials[-1]
    change = 1.5 if share == 1.0 else share
    if taken is None:
        change, memory = share, at_rest(memory)
    elif averaged and not isinstance(problem.coupling, ProxLinear):
        change = AVERAGED
    trust = state.trust * change
    if taken is None:
        taken = _Trial(state, before, torch.zeros_like(before))
    update = Update(
        layer=-1,
        block="all",
        before=before,
        after=taken.value,
        squared_step=taken.squared,
        guaranteed=modulus * taken.squared,
        seconds=time.perf_counter() - start,
    )
    after = replace(taken.state, trust=min(1.0, trust), memory=memory)
    return after, update


def _propose(
    problem: Problem, state: State, number: int
) -> tuple[Weights | None, Weights | None, tuple[Tensor, ...]]:
    """Last weights and mean of a pass, and what the next pass remembers."""
    if not isinstance(problem.coupling, ProxLinear):
        return *row_pass(problem, state, number), ()
    found = prox_linear.row_pass(problem, state, number)
    return found or (None, None, state.memory)


@dataclass(frozen=True, eq=False)
class _Trial:
    """A state that may be taken, its loss and its squared distance."""

    state: State
    value: Float[Tensor, ""]
    squared: Float[Tensor, ""]


def _trial(problem: Problem, old: State, weights: Weights) -> _Trial:
    state = forward_state(problem, weights.members, weights.biases)
    value = objective.value(problem, state)
    return _Trial(state, value, _distance(old, state))


def _best(
    trials: list[_Trial], before: Tensor, modulus: float
) -> _Trial | None:
    """The lowest trial among those that decrease the loss enough."""
    good = [
        t for t in trials if bool(t.value <= before - modulus * t.squared)
    ]
    return min(good, key=lambda t: float(t.value), default=None)


def _part_way(
    problem: Problem, old: State, last: Weights, share: float
) -> Weights:
    """``share`` of the way from the old weights, put back in the sets."""
    return Weights(
        tuple(
            s.project(w + share * (member.dense - w))
            for s, w, member in zip(
                problem.network.structures, old.w, last.members, strict=True
            )
        ),
        tuple(
            None if a is None or b is None else a + share * (b - a)
            for a, b in zip(old.b, last.biases, strict=True)
        ),
    )


def _distance(old: State, new: State) -> Tensor:
    """Squared distance of the weights and biases."""
    return torch.stack(
        [
            squared_norm(joined(v, c) - joined(w, b))
            for w, b, v, c in zip(old.w, old.b, new.w, new.b, strict=True)
        ]
    ).sum()
