"""Start from weights there are already: of a run, a state or a module.

The convergence theorem holds from *any* starting point, so the certificate
of a run does not care where its start came from: a few consistent sweeps,
another coupling, a network trained elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from nnbcd import objective
from nnbcd._typing import Tensor
from nnbcd.couplings import Consistent
from nnbcd.initialisation import forward_state, from_weights
from nnbcd.problem import Problem
from nnbcd.sources import Start, read
from nnbcd.state import State
from nnbcd.structures import Structure, StructuredMatrix

__all__ = ["hand_over"]

# Relative distance below which a matrix lies in a set. TT-SVD resolves
# about 1e-8 of the norm in float64.
INSIDE = {torch.float64: 1e-6, torch.float32: 1e-4}


def hand_over(problem: Problem, start: Start) -> State:
    """A legal state of ``problem`` with the weights of ``start``.

    * Structured layers: G is the copy that came with the weight if it lies
      in the set, else the projection of the weight. With the couplings
      constraint and consistent W is that G; with penalty W is kept.
    * U and V: kept with penalty and constraint, if each has its shape
      (N, d_i): hand over between runs on the same rows. Else, and with
      consistent always, they are the forward pass of W.

    Number type and device become those of the problem; nothing is shared
    with a module.

    Parameters
    ----------
    problem : Problem
        N samples, L layers, weights of shape (d_out, d_in).
    start : Result, State, torch.nn.Module or sequence of (W, b)
        Of a module the Linear and Conv2d parts are taken, in the order in
        which they were registered. A missing b is zero.

    Raises
    ------
    TypeError, ValueError
        If start is of another kind, depth or shape, or not finite. One
        sentence naming the layer and the fix.
    """
    source = _checked(problem, read(problem, start))
    structures = problem.network.structures
    members = [
        _member(structure, w, g)
        for structure, w, g in zip(
            structures, source.w, source.g, strict=True
        )
    ]
    if isinstance(problem.coupling, Consistent):
        return forward_state(problem, members, source.b)
    weights = tuple(
        w if problem.has_copy(i) else member.dense
        for i, (w, member) in enumerate(zip(source.w, members, strict=True))
    )
    copies = tuple(
        None if structure.free else member
        for structure, member in zip(structures, members, strict=True)
    )
    n = len(problem.x)
    wanted = [(n, linear.d_out) for linear in problem.maps]
    for blocks in (source.u, source.v):
        if [tuple(x.shape) for x in blocks] != wanted:
            return from_weights(problem, weights, copies, source.b)
    state = State(
        weights,
        source.b,
        source.u,
        tuple(
            v if layer.bounds is None else v.clamp(*layer.bounds)
            for v, layer in zip(source.v, problem.layers, strict=True)
        ),
        copies,
        (None,) * problem.depth,
    )

    def rows(
        part: Problem, state: State
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        every = range(part.depth)
        return tuple(
            objective.affine_image(part, state, i) for i in every
        ), ()

    images, _ = problem.rows.go(rows, problem, state)
    return replace(state, affine=images)


def _checked(problem: Problem, source: State) -> State:
    """Of the problem's depth, shapes, number type and device; finite."""
    if len(source.w) != problem.depth:
        msg = (
            f"start has {len(source.w)} layers, but the network has "
            f"{problem.depth}: give one (W, b) a layer."
        )
        raise ValueError(msg)
    like, biases = problem.x, []
    for i, (linear, layer) in enumerate(
        zip(problem.maps, problem.network.layers, strict=True)
    ):
        w, b, (rows, columns) = source.w[i], source.b[i], linear.weight_shape
        where = f"of layer {i + 1}"
        if tuple(w.shape) != (rows, columns):
            fix = "change the layer or start"
            if tuple(w.shape) == (columns, rows):
                fix = "transpose it"
            msg = (
                f"start: W {where} has shape {tuple(w.shape)}, but the "
                f"network has {(rows, columns)}: {fix}."
            )
            raise ValueError(msg)
        if b is not None and tuple(b.shape) != (rows,):
            msg = (
                f"start: b {where} has shape {tuple(b.shape)}, but the "
                f"network has {(rows,)}: change the layer or start."
            )
            raise ValueError(msg)
        if b is not None and not layer.bias and bool((b != 0).any()):
            msg = (
                f"start has a bias {where}, but the network has none there: "
                "give the layer bias=True."
            )
            raise ValueError(msg)
        zero = like.new_zeros(rows)
        biases.append(
            (zero if b is None else b.to(like)) if layer.bias else None
        )
    source = replace(
        source,
        w=tuple(w.to(like) for w in source.w),
        b=tuple(biases),
        u=tuple(u.to(like) for u in source.u),
        v=tuple(v.to(like) for v in source.v),
        g=tuple(None if g is None else _converted(g, like) for g in source.g),
    )
    for name in ("w", "b", "u", "v"):
        for i, x in enumerate(getattr(source, name)):
            if x is not None and not bool(torch.isfinite(x).all()):
                msg = (
                    f"start: {name.upper()} of layer {i + 1} has NaN or "
                    "infinite entries: start from a finite one."
                )
                raise ValueError(msg)
    return source


def _converted(g: StructuredMatrix, like: Tensor) -> StructuredMatrix:
    """In another number type the cores are found again from the matrix."""
    dense = g.dense.to(like)
    if dense is g.dense:
        return g
    mask = None if g.mask is None else g.mask.to(like.device)
    return StructuredMatrix(dense, mask=mask)


def _member(
    structure: Structure, w: Tensor, g: StructuredMatrix | None
) -> StructuredMatrix:
    """``g`` if it lies in the set, in the set's format; else near ``w``."""
    if structure.free:
        return StructuredMatrix(w)
    if g is None:
        return structure.project(w)
    near = structure.project(g.dense)
    gap = torch.linalg.vector_norm(near.dense - g.dense)
    size = torch.linalg.vector_norm(g.dense)
    if not bool(gap <= INSIDE[w.dtype] * size):
        return structure.project(w)
    return g if _format(g) == _format(near) else near


def _format(member: StructuredMatrix) -> tuple[Any, Any]:
    """Shapes of the cores, entries of the mask: what is stored."""
    cores, mask = member.cores, member.mask
    return (
        None if cores is None else [core.shape for core in cores.cores],
        None if mask is None else int(mask.sum()),
    )
