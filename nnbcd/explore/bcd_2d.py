"""Block coordinate descent in the plane, and Powell's loop in space."""

from __future__ import annotations

from functools import lru_cache
from math import hypot, nan

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Arrows, Line, Number, Points
from nnbcd.explore.picture import Panel, Picture
from nnbcd.explore.planes import PLANES, SWEEPS, Plane, path

__all__ = ["PLANES", "Plane", "bcd_2d_explorer", "path", "powell_path"]

Array = NDArray[np.float64]
EDGE = 2.2


def powell_path(
    start: tuple[float, float, float],
    *,
    alpha: Number = 0.0,
    updates: int = 36,
    box: float = 3.0,
) -> Array:
    """Descent on the function of three numbers of Powell (1973).

    Parameters
    ----------
    start : (float, float, float)
    alpha : float
        Weight of the proximal term, not negative.
    updates : int
        Of x, y, z, x, ... in turn.
    box : float
        Every number is kept between -box and box.

    Returns
    -------
    ndarray
        Shape (updates + 1, 3).
    """
    point = np.array(start, dtype=float)
    out = [point.copy()]
    for n in range(updates):
        old = point[n % 3]
        pull = point.sum() - old
        if alpha == 0:
            new = np.sign(pull) * (1 + abs(pull) / 2) if pull else old
        else:
            new = old + pull / alpha
            if abs(new) > 1:
                new = np.sign(new) * (alpha * abs(new) + 2) / (alpha + 2)
        point[n % 3] = min(max(new, -box), box)
        out.append(point.copy())
    return np.array(out)


@lru_cache
def _contours(name: str) -> Line:
    """Level lines of a plane, one mark."""
    axis = np.linspace(-EDGE, EDGE, 45)
    x, y = np.meshgrid(axis, axis)
    values = PLANES[name].value(x, y)
    low, high = float(values.min()), float(values.max())
    lines = contour_generator(x, y, values)
    xs: list[float] = []
    ys: list[float] = []
    for share in (0.01, 0.03, 0.08, 0.16, 0.28, 0.44, 0.65):
        for piece in lines.lines(low + share * (high - low)):
            points = np.asarray(piece)
            xs += [*points[:, 0].tolist(), nan]
            ys += [*points[:, 1].tolist(), nan]
    return Line(xs, ys, colour="grey", dash="solid", width=0.8)


def _place(x: float, y: float) -> str:
    return f"({x + 0.0:.2f}, {y + 0.0:.2f})".replace("-", "\u2212")


def draw(
    function: str, x: float, y: float, alpha: Number, first: str
) -> Picture:
    """The path from (x, y), and the length of every step."""
    plane = PLANES[function]
    order = (0, 1) if first == "x first" else (1, 0)
    points = path(plane, (x, y), alpha=alpha, order=order)
    lengths = [hypot(*d) for d in np.diff(points, axis=0)]
    moves = [n for n, s in enumerate(lengths, 1) if s > 1e-4]
    drawn = points[[0, *moves]]  # a step that is not seen is not stored
    end = points[-1]
    away = min(hypot(*(end - m)) for m in plane.minimisers)
    xs, ys = zip(*plane.minimisers, strict=True)
    ticks = tuple((k, f"{k}".replace("-", "\u2212")) for k in (-2, 0, 2))
    left = Panel(
        marks=(
            _contours(function),
            Arrows(drawn[:, 0], drawn[:, 1], colour="vermillion"),
            Points(xs, ys, colour="ink", marker="plus", label="minimiser"),
            Points((x,), (y,), colour="ink", marker="ring", label="start"),
            Points(end[:1], end[1:], colour="blue", label="end"),
        ),
        title="The path",
        x_label="x",
        y_label="y",
        x_limits=(-EDGE, EDGE),
        y_limits=(-EDGE, EDGE),
        x_ticks=ticks,
        y_ticks=ticks,
        square=True,
        alt="Level lines and the path, parallel to the axes.",
    )
    right = Panel(
        marks=(Points(moves, [lengths[n - 1] for n in moves]),),
        title="Length of each step",
        x_label="update",
        x_limits=(0, len(lengths) + 1),
        y_limits=(1e-4, 10),
        y_log=True,
        x_ticks=((0, "0"), (10, "10"), (20, "20")),
        alt="Dots that fall where the path converges.",
    )
    last = max(lengths[-2:])
    still = f"{last:.1g}" if last > 1e-4 else "less than 0.0001"
    value = plane.value
    caption = (
        f"alpha = {alpha:g}: f goes from {value(x, y):.2f} to "
        f"{value(*end):.2f}, the point from {_place(x, y)} to "
        f"{_place(*end)}, {away:.2f} from a minimiser. Longest step of the "
        f"last sweep: {still}."
    )
    return Picture(
        (left, right), caption, function == "creased bowl" and away < 0.1
    )


def bcd_2d_explorer() -> GridExplorer:
    """Paths on four functions.

    Returns
    -------
    GridExplorer
    """
    starts = (-1.5, -0.7, 1.1, 1.9)
    return GridExplorer(
        title="Block coordinate descent in the plane",
        goal=(
            "On the creased bowl, no start can be chosen on an axis. End "
            "within 0.1 of the minimiser all the same."
        ),
        legend=(
            f"{SWEEPS} sweeps of two updates. Steps shorter than 0.0001 are "
            "not shown. One neuron: x is U, y is V."
        ),
        controls=(
            Choice("function", "function", tuple(PLANES), "tilted bowl"),
            Stops("x", "x, start", starts, 1.1),
            Stops("y", "y, start", starts, 1.9),
            Stops("alpha", "alpha, proximal weight", (0, 1, 4, 16), 0),
            Choice("first", "order", ("x first", "y first"), "x first"),
        ),
        draw=draw,
    )
