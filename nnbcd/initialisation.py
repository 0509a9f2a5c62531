"""Starting points: weights by a named scheme, the rest by a forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn import init

from nnbcd import checks
from nnbcd._typing import Tensor
from nnbcd.couplings import Penalty
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import Structure, StructuredMatrix

__all__ = ["SCHEMES", "forward_state", "from_weights", "initial_state"]

Scheme = Callable[[Tensor, torch.Generator], Tensor]

SCHEMES: dict[str, Scheme] = {
    "kaiming-normal": lambda w, g: init.kaiming_normal_(w, generator=g),
    "kaiming-uniform": lambda w, g: init.kaiming_uniform_(w, generator=g),
    "xavier-normal": lambda w, g: init.xavier_normal_(w, generator=g),
    "xavier-uniform": lambda w, g: init.xavier_uniform_(w, generator=g),
    "lecun-normal": lambda w, g: init.normal_(
        w, 0.0, w.shape[1] ** -0.5, generator=g
    ),
    "lecun-uniform": lambda w, g: init.uniform_(
        w, -((3 / w.shape[1]) ** 0.5), (3 / w.shape[1]) ** 0.5, generator=g
    ),
    "orthogonal": lambda w, g: init.orthogonal_(w, generator=g),
    "gaussian": lambda w, g: init.normal_(w, 0.0, 0.01, generator=g),
}


def initial_state(
    problem: Problem, *, seed: int, scheme: str, scale: float | None
) -> State:
    """Weights by ``scheme`` times ``scale``, zero biases, U and V forward.

    Parameters
    ----------
    problem : Problem
    seed : int
        Weights are drawn on the CPU from this seed, layer by layer, so a
        run starts from the same point on every device.
    scheme : str
        A key of ``SCHEMES``.
    scale : float or None
        Factor on every weight. None: that of the coupling, which may also
        divide the first layer's by the root mean square of X.

    Raises
    ------
    ValueError
        If the scheme is unknown; the message lists those that exist.
    """
    if scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        msg = f"initialisation must be one of {known}, not {scheme!r}."
        raise ValueError(msg)
    generator = torch.Generator().manual_seed(checks.seed(seed))
    weights, biases = [], []
    factors = _factors(problem, scale)
    for layer, linear, factor in zip(
        problem.network.layers, problem.maps, factors, strict=True
    ):
        # Drawn in float32 and widened: the same weights in both precisions.
        w = SCHEMES[scheme](_empty(linear.weight_shape), generator)
        weights.append((factor * w).to(problem.x))
        zero = problem.x.new_zeros(linear.weight_shape[0])
        biases.append(zero if layer.bias else None)
    members = [
        _member(problem, structure, w)
        for structure, w in zip(
            problem.network.structures, weights, strict=True
        )
    ]
    state = forward_state(problem, members, tuple(biases))
    if isinstance(problem.coupling, Penalty):
        # W starts as drawn; its copy G is the nearest point found.
        return from_weights(problem, tuple(weights), state.g, tuple(biases))
    return state


def _factors(problem: Problem, scale: float | None) -> list[float]:
    """Factor on the weights of each layer."""
    every = problem.coupling.default_scale if scale is None else scale
    first, wanted = every, problem.coupling.input_rms
    if scale is None and wanted is not None:
        size = problem.input_rms
        first = every * wanted / size if size > 0 else every
    return [first, *[every] * (problem.depth - 1)]


def _member(
    problem: Problem, structure: Structure, w: Tensor
) -> StructuredMatrix:
    """A member near ``w``; for W in M, with the norm of ``w``.

    Projecting a random matrix loses most of its norm, and the layers above
    would start with next to nothing.
    """
    near = structure.project(w)
    if isinstance(problem.coupling, Penalty):
        return near
    size = torch.linalg.vector_norm(near.dense)
    factor = torch.where(size > 0, torch.linalg.vector_norm(w) / size, 1)
    return near.scaled(factor)


def _empty(shape: tuple[int, int]) -> Tensor:
    """Untouched by the user's default type and device."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def forward_state(
    problem: Problem,
    members: Sequence[StructuredMatrix],
    biases: tuple[Tensor | None, ...],
) -> State:
    """The state in which every W lies in its set and U, V are its outputs.

    Parameters
    ----------
    problem : Problem
        N samples.
    members, biases : sequence
        W_i of shape (d_out, d_in), and b_i of shape (d_out,) or None.
    """
    copies = tuple(
        None if structure.free else member
        for structure, member in zip(
            problem.network.structures, members, strict=True
        )
    )
    weights = tuple(member.dense for member in members)
    return from_weights(problem, weights, copies, biases)


def from_weights(
    problem: Problem,
    weights: tuple[Tensor, ...],
    copies: tuple[StructuredMatrix | None, ...],
    biases: tuple[Tensor | None, ...],
) -> State:
    """The state in which U and V are the forward pass of ``weights``.

    Parameters
    ----------
    problem : Problem
        N samples.
    weights, copies, biases : tuple
        W_i of shape (d_out, d_in), G_i or None, b_i of shape (d_out,).
    """

    def rows(
        part: Problem,
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        v, us, vs = part.x, [], []
        for i, linear in enumerate(part.maps):
            u = linear.forward(v, weights[i], biases[i])
            v = part.network.activations[i](u)
            bounds = part.layers[i].bounds
            if bounds is not None:
                v = v.clamp(*bounds)
            us.append(u)
            vs.append(v)
        return (*us, *vs), ()

    blocks, _ = problem.rows.go(rows, problem)
    us, vs = blocks[: problem.depth], blocks[problem.depth :]
    return State(weights, biases, us, vs, copies, us)
