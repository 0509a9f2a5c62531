"""Starting points: weights by a named scheme, the rest by a forward pass."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import init

from nnbcd import objective
from nnbcd._typing import Tensor
from nnbcd.couplings import Penalty
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import Structure

__all__ = ["SCHEMES", "forward_state", "initial_state"]

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
    problem: Problem, *, seed: int, scheme: str, scale: float
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
    scale : float
        Factor on every weight.

    Raises
    ------
    ValueError
        If the scheme is unknown; the message lists those that exist.
    """
    if scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        msg = f"initialisation must be one of {known}, not {scheme!r}."
        raise ValueError(msg)
    generator = torch.Generator().manual_seed(seed)
    weights, biases = [], []
    for layer, linear in zip(
        problem.network.layers, problem.maps, strict=True
    ):
        # Drawn in float32 and widened: the same weights in both precisions.
        w = SCHEMES[scheme](_empty(linear.weight_shape), generator)
        weights.append((scale * w).to(problem.x))
        zero = problem.x.new_zeros(linear.weight_shape[0])
        biases.append(zero if layer.bias else None)
    if not isinstance(problem.coupling, Penalty):
        weights = [
            _member(structure, w)
            for structure, w in zip(
                problem.network.structures, weights, strict=True
            )
        ]
    return forward_state(problem, tuple(weights), tuple(biases))


def _member(structure: Structure, w: Tensor) -> Tensor:
    """A matrix of the set with the norm of ``w``.

    Projecting a random matrix loses most of its norm, and the layers above
    would start with next to nothing.
    """
    near = structure.project(w).dense
    size = torch.linalg.vector_norm(near)
    return near * torch.where(size > 0, torch.linalg.vector_norm(w) / size, 1)


def _empty(shape: tuple[int, int]) -> Tensor:
    """Untouched by the user's default type and device."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def forward_state(
    problem: Problem,
    weights: tuple[Tensor, ...],
    biases: tuple[Tensor | None, ...],
) -> State:
    """The state in which the network's own forward pass fills U and V.

    Parameters
    ----------
    problem : Problem
        N samples.
    weights, biases : tuple
        W_i of shape (d_out, d_in) and b_i of shape (d_out,) or None.
    """
    v, us, vs = problem.x, [], []
    for i, linear in enumerate(problem.maps):
        u = linear.forward(v, weights[i], biases[i])
        v = problem.network.activations[i](u)
        bounds = problem.layers[i].bounds
        if bounds is not None:
            v = v.clamp(*bounds)
        us.append(u)
        vs.append(v)
    structured = tuple(
        None if s.free else s.project(w)
        for s, w in zip(problem.network.structures, weights, strict=True)
    )
    state = State(
        weights, biases, tuple(us), tuple(vs), structured, (None,) * len(us)
    )
    images = tuple(
        objective.affine_image(problem, state, i) for i in range(len(us))
    )
    return State(weights, biases, tuple(us), tuple(vs), structured, images)
