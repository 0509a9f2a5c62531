r"""Sets that tighten while a run goes on: gradual compression.

A run may begin in sets larger than those asked for, and tighten them sweep
by sweep. With :math:`\lambda_k = 1 - (k - 1) / T` the share of the way that
is left at sweep k = 1, ..., T, and the set asked for from sweep T + 1 on,

* the share of zeros rises along a cubic,
  :math:`s_k = s + (s_0 - s) \lambda_k^3` (Zhu and Gupta, 2017,
  arXiv:1710.01878);
* each rank falls geometrically from R, the largest its bond allows, to the
  one asked for, :math:`r_k = R^{\lambda_k} r^{1 - \lambda_k}` (ours).

The objective may jump where a set tightens. Such a sweep is marked in its
record, and the certificate judges what happens within a fixed set. From
sweep T + 1 on the run is one of the problem asked for, started at a point
found in another way: the convergence theorem holds from any start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from nnbcd import tensor_train
from nnbcd.checks import count, number
from nnbcd.couplings import Consistent
from nnbcd.initialisation import forward_state
from nnbcd.network import Network
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import (
    Free,
    LowRank,
    Sparse,
    Structure,
    StructuredMatrix,
    TensorTrain,
)

__all__ = ["Gradual", "enter", "finish", "stage"]


@dataclass(frozen=True)
class Gradual:
    """Compress over the first ``sweeps`` sweeps, not at once.

    Where a set of the way stores as many numbers as the dense weight, the
    layer is left free for that sweep. Structures other than sparse, low
    rank and tensor train keep their set throughout.

    Parameters
    ----------
    sweeps : int
        T, how many sweeps work in sets larger than those asked for.
    start : float
        Share of zeros s_0 of the first sweep, in [0, 1); a layer that
        asks for fewer zeros has its own from the start.

    Raises
    ------
    ValueError
        If sweeps < 1 or start lies outside [0, 1).

    Examples
    --------
    >>> from nnbcd import Dense, Network, Sparse
    >>> net = Network(64, [Dense(256, structure=Sparse(0.8)), Dense(10)])
    >>> [Gradual(4).network(net, k).structures[0] for k in (1, 2, 5)]
    [Free(), Sparse(sparsity=0.4625), Sparse(sparsity=0.8)]
    """

    sweeps: int = 10
    start: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sweeps", count("sweeps", self.sweeps))
        object.__setattr__(self, "start", number("start", self.start))
        if self.start >= 1:
            msg = f"start must lie in [0, 1), got {self.start}."
            raise ValueError(msg)

    def network(self, network: Network, sweep: int) -> Network:
        """The network in whose sets ``sweep`` works, counted from 1.

        Parameters
        ----------
        network : Network
            With the sets asked for; layers of shape (d_out, d_in).
        sweep : int
            From T + 1 on the answer is ``network`` itself.
        """
        if sweep > self.sweeps:
            return network
        left = 1 - (sweep - 1) / self.sweeps
        return network.with_structures(
            [
                _wider(structure, linear.weight_shape, left, self.start)
                for structure, linear in zip(
                    network.structures, network.maps, strict=True
                )
            ]
        )


def stage(schedule: Gradual | None, problem: Problem, sweep: int) -> Problem:
    """The problem that ``sweep`` works on.

    Parameters
    ----------
    schedule : Gradual or None
        None: every sweep works on ``problem``.
    problem : Problem
        With the sets asked for.
    sweep : int
        Counted from 1.
    """
    if schedule is None or sweep > schedule.sweeps:
        return problem
    network = schedule.network(problem.network, sweep)
    return replace(problem, network=network)


def enter(
    schedule: Gradual | None, problem: Problem, state: State, sweep: int
) -> tuple[Problem, State, bool]:
    """What ``sweep`` starts from.

    Parameters
    ----------
    schedule, problem, sweep
        As in :func:`stage`.
    state : State
        After the sweep before, in that one's sets; W_i (d_out, d_in). At
        sweep 1, any state of ``problem`` or of its first stage.

    Returns
    -------
    Problem
        The stage of the sweep.
    State
        Its weights projected on the stage's sets: W with constraint and
        consistent (there U and V follow), G with penalty.
    bool
        True if the sets are not those of the sweep before.
    """
    if schedule is None or sweep > schedule.sweeps + 1:
        return problem, state, False
    present = stage(schedule, problem, sweep)
    before = problem if sweep == 1 else stage(schedule, problem, sweep - 1)
    if present.network == before.network:
        return present, state, False
    state = _projected(present, state, before.network.structures)
    return present, state, sweep > 1


def finish(
    schedule: Gradual | None, problem: Problem, state: State, done: int
) -> State | None:
    """The state in the sets asked for, where the run ended before them.

    Parameters
    ----------
    schedule, problem
        As in :func:`stage`.
    state : State
        After ``done`` sweeps; W_i of shape (d_out, d_in).
    done : int
        Complete sweeps.

    Returns
    -------
    State or None
        None where the state already lies in them.
    """
    before = stage(schedule, problem, max(done, 1)).network
    if before == problem.network:
        return None
    return _projected(problem, state, before.structures)


def _projected(
    problem: Problem, state: State, before: Sequence[Structure]
) -> State:
    """The state put in the sets of ``problem``, where they are new."""
    members = []
    for i, structure in enumerate(problem.network.structures):
        w, g = state.w[i], state.g[i]
        if structure.free:
            member = StructuredMatrix(w)
        elif structure == before[i] and g is not None:
            member = g
        else:
            member = structure.project(w)
        members.append(member)
        state = state.put(i, g=None if structure.free else member)
        if member.dense is not w and not problem.has_copy(i):
            state = state.put(i, w=member.dense, affine=None)
    if isinstance(problem.coupling, Consistent):
        moved = forward_state(problem, members, state.b)
        return replace(
            moved, trust=state.trust, beta=state.beta, memory=state.memory
        )
    return state


def _wider(
    structure: Structure, shape: tuple[int, int], left: float, start: float
) -> Structure:
    """The set with ``left`` of the way still to go: 1 at the start."""
    wider = structure
    if isinstance(structure, Sparse):
        asked = structure.sparsity
        first = min(start, asked)
        wider = Sparse(asked + (first - asked) * left**3)
    elif isinstance(structure, TensorTrain):
        modes = structure.tensor_shape(shape)
        ranks = tuple(
            max(r, round(top**left * r ** (1 - left)))
            for r, top in zip(
                tensor_train.feasible_ranks(modes, structure.rank),
                tensor_train.feasible_ranks(modes, None),
                strict=True,
            )
        )
        one = isinstance(structure, LowRank)
        wider = replace(structure, rank=ranks[0] if one else ranks)
    return Free() if wider.count(shape) >= prod(shape) else wider
