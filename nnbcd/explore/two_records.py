"""Both records of a run: what descends, and what the released code prints."""

from __future__ import annotations

from collections.abc import Iterator

from nnbcd import (
    Dense,
    Network,
    Penalties,
    Problem,
    Solver,
    Sparse,
    State,
    TensorTrain,
    blocks,
    datasets,
    objective,
)

__all__ = ["KINDS", "moves", "printed", "trace"]

KINDS = {
    "train, guarded": ("guarded", TensorTrain(3)),
    "train, TT-SVD": ("svd", TensorTrain(3)),
    "zeros, split": ("guarded", Sparse(0.9)),
    "zeros, cut in place": ("in place", Sparse(0.9)),
}


def printed(problem: Problem, state: State) -> float:
    """Phi with gamma/2 for the weight of the squared loss, instead of 1/2.

    Parameters
    ----------
    problem : Problem
        Squared loss.
    state : State
        V_L of shape (N, d_L).
    """
    gap = float((state.v[-1] - problem.y).square().sum())
    gamma = problem.layers[-1].gamma
    return float(objective.value(problem, state)) + (gamma - 1) / 2 * gap


def moves(
    problem: Problem, state: State, *, in_place: bool = False
) -> Iterator[tuple[str, State]]:
    """One sweep, block by block; the copy may be the weight itself.

    Parameters
    ----------
    problem : Problem
        Penalty coupling.
    state : State
        It is not changed.
    in_place : bool
        Cut W itself where a structured layer has its G block.

    Yields
    ------
    str
        V3 is the V block of layer 3.
    State
        After that block.
    """
    for i in reversed(range(problem.depth)):
        state = state.put(i, v=blocks.v.update(problem, state, i))
        yield f"V{i + 1}", state
        state = state.put(i, u=blocks.u.update(problem, state, i))
        yield f"U{i + 1}", state
        w, b = blocks.w.update(problem, state, i)
        state = state.put(i, w=w, b=b)
        yield f"W{i + 1}", state
        structure = problem.network.structures[i]
        if structure.free:
            continue
        if in_place:
            cut = structure.project(w)
            state = state.put(i, w=cut.dense, g=cut)
        else:
            copy, _ = blocks.g.update(problem, state, i)
            state = state.put(i, g=copy)
        yield f"G{i + 1}", state


def trace(
    kind: str, gamma: float, sweeps: int, *, seed: int = 0
) -> list[tuple[str, float, float]]:
    """Train on 300 digits and keep both records after every block.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    gamma : float
        Weight of the activation gaps, and of the affine gaps too.
    sweeps : int
        11 block updates each.
    seed : int
        Of the start.

    Returns
    -------
    list of (str, float, float)
        Block, Phi after it, what is printed after it. The first entry is
        the start, with an empty name.
    """
    step, structure = KINDS[kind]
    layers = [Dense(48, structure=structure)] * 2 + [Dense(10)]
    solver = Solver(
        Penalties(gamma=gamma, rho=gamma, tau=1.0, alpha=1.0),
        coupling="penalty",
        g_step="svd" if step == "svd" else "guarded",
        certify=False,
    )
    data = datasets.digits()
    problem = solver.problem(
        Network(64, layers), data.x_train[:300], data.y_train[:300]
    )
    state = solver.init(problem, seed=seed)
    if step == "in place":  # from the start the copy is the weight
        for i, copy in enumerate(state.g):
            if copy is not None:
                state = state.put(i, w=copy.dense)

    def both(name: str) -> tuple[str, float, float]:
        phi = float(objective.value(problem, state))
        return name, phi, printed(problem, state)

    out = [both("")]
    for _ in range(sweeps):
        for name, after in moves(problem, state, in_place=step == "in place"):
            state = after
            out.append(both(name))
    return out
