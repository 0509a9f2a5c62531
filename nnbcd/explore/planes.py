"""Functions of two numbers, and block coordinate descent on them.

``planes.js`` does the same in the page, operation by operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd.explore.marks import Number

__all__ = ["PLANES", "SWEEPS", "Plane", "path"]

Array = NDArray[np.float64]
Step = Callable[[float, float, Number], float]
SWEEPS = 10


@dataclass(frozen=True)
class Plane:
    """A function of two numbers with its two block minimisers.

    Parameters
    ----------
    value : callable
        f(x, y), for numbers and arrays.
    steps : tuple of callables
        ``steps[0](x, y, alpha)`` minimises f(., y) + alpha/2 (. - x)^2,
        ``steps[1](x, y, alpha)`` does the same for y.
    minimisers : tuple of (float, float)
        All of them.
    """

    value: Callable[[Any, Any], Any]
    steps: tuple[Step, Step]
    minimisers: tuple[tuple[float, float], ...]


def _mirrored(step: Step) -> tuple[Step, Step]:
    """The steps of a function with f(x, y) = f(y, x)."""
    return step, lambda x, y, alpha: step(y, x, alpha)


def _square(t: Any) -> Any:
    """Not ``t ** 2``, which a library may round in another way."""
    return t * t


def _tilted(x: float, y: float, alpha: Number) -> float:
    return (alpha * x - 0.8 * y) / (1 + alpha)


def _creased(x: float, y: float, alpha: Number) -> float:
    c = 1 + alpha
    return min(max(y, (alpha * x - 1) / c), (alpha * x + 1) / c)


def _well(x: float, y: float, alpha: Number) -> float:
    """The nearer well; without a pull both tie: take the farther one."""
    del y
    side = copysign(1.0, x)
    return -side if alpha == 0 else (side + alpha * x) / (1 + alpha)


GAMMA, RHO, IMAGE = 1.0, 0.5, -0.45  # the neuron: see `_neuron`


def _neuron(u: Any, v: Any) -> Any:
    """Phi of one hidden unit: x is U, y is V, the target 1."""
    fit = 0.5 * _square(v - 1) + 0.5 * GAMMA * _square(v - np.maximum(u, 0))
    return fit + 0.5 * RHO * _square(u - IMAGE)


def _neuron_u(u: float, v: float, alpha: Number) -> float:
    c = (RHO + alpha) / GAMMA
    m = (RHO * IMAGE + alpha * u) / (RHO + alpha)
    kappa = sqrt(1 + 1 / c) - 1
    return max(0.0, (v + c * m) / (1 + c)) if m >= -kappa * max(v, 0) else m


def _neuron_v(u: float, v: float, alpha: Number) -> float:
    return (1 + GAMMA * max(u, 0) + alpha * v) / (1 + GAMMA + alpha)


PLANES: dict[str, Plane] = {
    "tilted bowl": Plane(
        lambda x, y: 0.5 * (x * x + 1.6 * x * y + y * y),
        _mirrored(_tilted),
        ((0.0, 0.0),),
    ),
    "creased bowl": Plane(
        lambda x, y: abs(x - y) + 0.5 * (x * x + y * y),
        _mirrored(_creased),
        ((0.0, 0.0),),
    ),
    "four wells": Plane(
        lambda x, y: 0.5 * _square(abs(x) - 1) + 0.5 * _square(abs(y) - 1),
        _mirrored(_well),
        ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)),
    ),
    "one neuron": Plane(_neuron, (_neuron_u, _neuron_v), ((IMAGE, 0.5),)),
}


def path(
    plane: Plane,
    start: tuple[float, float],
    *,
    alpha: Number = 0.0,
    sweeps: int = SWEEPS,
    order: tuple[int, int] = (0, 1),
) -> Array:
    """The points of block coordinate descent, one more than updates.

    Parameters
    ----------
    plane : Plane
    start : (float, float)
    alpha : float
        Weight of the proximal term, not negative.
    sweeps : int
        Of two updates each.
    order : (int, int)
        (0, 1) begins with x, (1, 0) with y.

    Returns
    -------
    ndarray
        Shape (2 * sweeps + 1, 2).
    """
    point, out = list(start), [start]
    for j in sweeps * order:
        point[j] = plane.steps[j](point[0], point[1], alpha)
        out.append((point[0], point[1]))
    return np.array(out)
