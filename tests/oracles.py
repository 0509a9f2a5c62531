"""Slow, independent answers to compare the closed forms with."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from problems import widen
from scipy import optimize
from torch import Tensor

from nnbcd import Problem, State, objective
from nnbcd.affine import AffineMap, ConvMap

__all__ = [
    "descend",
    "energy",
    "gradient",
    "loop_forward",
    "loop_rows",
    "map_matrix",
]

Array = NDArray[np.float64]
Energy = Callable[..., Tensor]


def energy(problem: Problem, state: State, i: int, block: str) -> Energy:
    """What a block minimises: Phi and its proximal term, in float64.

    The function takes the new block (for ``w`` the weight and the bias).
    """
    problem, state = widen(problem, state)
    last = i == problem.depth - 1
    alpha = problem.layers[i].alpha
    if (block == "v" and not last) or (block == "u" and last):
        alpha = 0.0
    names = ("w", "b") if block == "w" else (block,)
    old = [getattr(state, name)[i] for name in names]

    def value(*new: Tensor | None) -> Tensor:
        moved = state.put(i, **dict(zip(names, new, strict=True)))
        phi = objective.value(problem, moved)
        for x, start in zip(new, old, strict=True):
            if x is not None:
                phi = phi + 0.5 * alpha * (x - start).square().sum()
        return phi

    return value


def gradient(f: Energy, *at: Tensor | None) -> list[Tensor]:
    """Gradient of an energy, one tensor for each argument given."""
    args = [
        None if x is None else x.detach().double().requires_grad_()
        for x in at
    ]
    return list(
        torch.autograd.grad(f(*args), [x for x in args if x is not None])
    )


def descend(f: Energy, *start: Tensor | None) -> float:
    """Lowest value a quasi-Newton method of scipy finds from ``start``."""
    shapes = [None if x is None else x.shape for x in start]

    def unflatten(flat: Array) -> list[Tensor | None]:
        out, used = [], 0
        for shape in shapes:
            if shape is None:
                out.append(None)
                continue
            size = shape.numel()
            part = torch.from_numpy(flat[used : used + size].copy())
            out.append(part.reshape(shape))
            used += size
        return out

    def both(flat: Array) -> tuple[float, Array]:
        args = unflatten(flat)
        for x in args:
            if x is not None:
                x.requires_grad_()
        y = f(*args)
        wanted = [x for x in args if x is not None]
        parts = torch.autograd.grad(y, wanted)
        flat_gradient = torch.cat([p.reshape(-1) for p in parts])
        return y.item(), flat_gradient.numpy()

    flat = torch.cat([x.double().reshape(-1) for x in start if x is not None])
    answer = optimize.minimize(
        both,
        flat.numpy(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 100},
    )
    return float(answer.fun)


def loop_rows(linear: AffineMap, v: Array) -> Array:
    """Regressors of the W block, one output position at a time."""
    if not isinstance(linear, ConvMap):
        return v
    channels, height, width = linear.in_shape
    _, rows, columns = linear.out_shape
    out = []
    for sample in v:
        image = sample.reshape(channels, height, width)
        for r in range(rows):
            for c in range(columns):
                out.append(_patch(linear, image, r, c))
    return np.array(out)


def _patch(linear: ConvMap, image: Array, r: int, c: int) -> list[float]:
    channels, height, width = linear.in_shape
    patch = []
    for k in range(channels):
        for dy in range(linear.kernel[0]):
            for dx in range(linear.kernel[1]):
                y = r * linear.stride[0] - linear.padding[0] + dy
                x = c * linear.stride[1] - linear.padding[1] + dx
                inside = 0 <= y < height and 0 <= x < width
                patch.append(float(image[k, y, x]) if inside else 0.0)
    return patch


def loop_forward(
    linear: AffineMap, v: Array, w: Array, b: Array | None
) -> Array:
    """The affine image, one product at a time."""
    rows = loop_rows(linear, v)
    n, q = v.shape[0], w.shape[0]
    out = np.zeros((n, q, len(rows) // n))
    for m, row in enumerate(rows):
        for k in range(q):
            total = 0.0 if b is None else float(b[k])
            for weight, x in zip(w[k], row, strict=True):
                total += float(weight) * float(x)
            out[m // out.shape[2], k, m % out.shape[2]] = total
    return out.reshape(n, -1)


def map_matrix(linear: AffineMap, w: Array) -> Array:
    """The matrix (d_out, d_in) of V -> A(V; W), column by column."""
    if not isinstance(linear, ConvMap):
        return w
    return loop_forward(linear, np.eye(linear.d_in), w, None).T


def stacked(blocks: Sequence[tuple[float, Any, Any]]) -> tuple[Array, Array]:
    """Rows sqrt(weight) * (matrix, target) of a least-squares problem."""
    rows = [np.sqrt(weight) * matrix for weight, matrix, _ in blocks]
    right = [np.sqrt(weight) * target for weight, _, target in blocks]
    return np.concatenate(rows), np.concatenate(right)
