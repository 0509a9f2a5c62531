"""Small random problems, and states away from every special point."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from cases import ACTIVATIONS, CASES, LOSSES, STRUCTURES, WEIGHTS
from torch import Tensor

from nnbcd import (
    Dense,
    Free,
    LargerThanDenseWarning,
    Network,
    Penalties,
    Problem,
    Solver,
    State,
)

__all__ = [
    "build",
    "layers_of",
    "make",
    "put_edges",
    "random_state",
    "snapshot",
    "unchanged",
    "widen",
]


def make(
    *,
    widths: Sequence[int] = (5, 6, 4, 3),
    n: int = 9,
    layers: Sequence[Any] | None = None,
    input_shape: Sequence[int] | None = None,
    activation: str = "relu",
    structure: str = "free",
    loss: str = "squared",
    bias: bool = True,
    weights: dict[str, Any] | None = None,
    v_bounds: tuple[float, float] | None = None,
    g_step: str = "guarded",
    dtype: str = "float64",
    scale: float = 1.0,
    seed: int = 0,
    **options: Any,
) -> tuple[Solver, Problem]:
    """A solver and a problem with random data and labels."""
    rng = np.random.default_rng(seed)
    sigma, kind = ACTIVATIONS[activation], STRUCTURES[structure]
    if layers is None:
        last = len(widths) - 2
        layers = [
            Dense(
                width,
                activation=None if i == last else sigma,
                structure=Free() if i == last else kind,
                bias=bias,
            )
            for i, width in enumerate(widths[1:])
        ]
        input_shape = (widths[0],)
    assert input_shape is not None
    with warnings.catch_warnings():
        # Tiny matrices: a train is often larger than they are.
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        network = Network(tuple(input_shape), layers)
    solver = Solver(
        Penalties(**(weights or WEIGHTS), v_bounds=v_bounds),
        loss=LOSSES[loss],
        g_step=g_step,
        dtype=dtype,
        **{"coupling": "penalty", **options},
    )
    x = scale * rng.standard_normal((n, *input_shape))
    y = rng.integers(0, network.maps[-1].d_out, n)
    return solver, solver.problem(network, x, y)


def random_state(problem: Problem, seed: int = 0, size: float = 1.0) -> State:
    """Every block random, no forward pass: nothing cancels by luck."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        kind = {"generator": generator, "dtype": torch.float64}
        return (size * torch.randn(*shape, **kind)).to(problem.x)

    n = problem.x.shape[0]
    shapes = [m.weight_shape for m in problem.maps]
    w = [draw(*shape) / shape[1] ** 0.5 for shape in shapes]
    v = [draw(n, m.d_out) for m in problem.maps]
    for i, layer in enumerate(problem.layers):
        if layer.bounds is not None:
            v[i] = v[i].clamp(*layer.bounds)
    return State(
        w=tuple(w),
        b=tuple(
            draw(shape[0]) if layer.bias else None
            for layer, shape in zip(
                problem.network.layers, shapes, strict=True
            )
        ),
        u=tuple(draw(n, m.d_out) for m in problem.maps),
        v=tuple(v),
        g=tuple(
            None if s.free else s.project(x + 0.3 * draw(*x.shape))
            for s, x in zip(problem.network.structures, w, strict=True)
        ),
        affine=(None,) * problem.depth,
    )


def put_edges(state: State, edge: str | None) -> State:
    """The state moved to a degenerate place."""
    if edge == "negative":
        return replace(
            state,
            u=tuple(-u.abs() for u in state.u),
            v=tuple(-v.abs() for v in state.v),
        )
    if edge == "kinks":
        return replace(
            state,
            u=tuple(u.round() for u in state.u),
            v=tuple(v.round() for v in state.v),
        )
    if edge == "empty":
        w = [x.clone() for x in state.w]
        for x in w:
            x[0] = 0
            x[:, -1] = 0
        return replace(state, w=tuple(w))
    return state


def build(
    name: str, dtype: str = "float64", **changes: Any
) -> tuple[Problem, State]:
    """Problem and random state of a named case."""
    case = {**CASES[name], **changes}
    edge = case.pop("edge", None)
    _, problem = make(dtype=dtype, **case)
    return problem, put_edges(random_state(problem, seed=1), edge)


def layers_of(names: Sequence[str], keep: Callable[..., bool]) -> list[Any]:
    """(case, layer) pairs whose ``keep(problem, i)`` is true."""
    pairs = []
    for name in names:
        problem, _ = build(name)
        pairs += [(name, i) for i in range(problem.depth) if keep(problem, i)]
    return pairs


def widen(problem: Problem, state: State) -> tuple[Problem, State]:
    """The same numbers in float64, nothing cached."""
    problem = replace(problem, x=problem.x.double(), y=problem.y.double())

    def wide(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(None if x is None else x.double() for x in items)

    g = tuple(
        None if x is None else replace(x, dense=x.dense.double())
        for x in state.g
    )
    return problem, State(
        wide(state.w),
        wide(state.b),
        wide(state.u),
        wide(state.v),
        g,
        (None,) * len(state.w),
    )


def _tensors(problem: Problem, state: State) -> Iterator[Tensor]:
    yield problem.x
    yield problem.y
    for name in ("w", "b", "u", "v", "affine"):
        yield from (t for t in getattr(state, name) if t is not None)
    for g in state.g:
        if g is not None:
            yield g.dense
            yield from () if g.mask is None else (g.mask,)
            yield from () if g.cores is None else g.cores.cores


def snapshot(problem: Problem, state: State) -> list[Any]:
    """Values and version counters of everything an update may read."""
    return [(t, t.clone(), t._version) for t in _tensors(problem, state)]


def unchanged(before: list[Any], problem: Problem, state: State) -> bool:
    """True if no tensor of a snapshot was written to or replaced."""
    after = list(_tensors(problem, state))
    return len(after) == len(before) and all(
        t is old and torch.equal(t, copy) and t._version == version
        for (old, copy, version), t in zip(before, after, strict=True)
    )
