"""Block coordinate descent in the plane, and Powell's loop in space."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import nan, sqrt

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from nnbcd.explore.controls import Choice, Slider
from nnbcd.explore.drawn import DrawnExplorer
from nnbcd.explore.encode import encode
from nnbcd.explore.marks import Arrows, Line, Number, Points
from nnbcd.explore.picture import Panel, Picture
from nnbcd.explore.planes import PLANES, SWEEPS, Plane, path

__all__ = [
    "PLANES",
    "DescentExplorer",
    "Plane",
    "bcd_2d_explorer",
    "path",
    "powell_path",
]

Array = NDArray[np.float64]
EDGE = 2.2
LEAST = 1e-4  # a step that is not seen is not drawn
GOAL, FAR = "creased bowl", 0.7


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


def _length(dx: float, dy: float) -> float:
    """Not ``hypot``, which rounds in another way in every library."""
    return sqrt(dx * dx + dy * dy)


def _panels(
    function: str, path: tuple[Arrows | Points, ...], steps: Points | None
) -> tuple[Panel, Panel]:
    """The axes; the path goes between level lines and minimisers."""
    xs, ys = zip(*PLANES[function].minimisers, strict=True)
    ticks = tuple((k, f"{k}".replace("-", "\u2212")) for k in (-2, 0, 2))
    left = Panel(
        marks=(
            _contours(function),
            *path[:1],
            Points(xs, ys, colour="ink", marker="plus", label="minimiser"),
            *path[1:],
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
        marks=(steps,) if steps else (),
        title="Length of each step",
        x_label="update",
        x_limits=(0, 2 * SWEEPS + 1),
        y_limits=(LEAST, 10),
        y_log=True,
        x_ticks=((0, "0"), (10, "10"), (20, "20")),
        alt="Dots that fall where the path converges.",
    )
    return left, right


def draw(
    function: str, x: float, y: float, alpha: Number, first: str
) -> Picture:
    """The path from (x, y), and the length of every step."""
    plane = PLANES[function]
    order = (0, 1) if first == "x first" else (1, 0)
    points = path(plane, (x, y), alpha=alpha, order=order)
    lengths = [_length(*d) for d in np.diff(points, axis=0)]
    moves = [n for n, s in enumerate(lengths, 1) if s > LEAST]
    drawn = points[[0, *moves]]
    end = points[-1]
    away = min(_length(*(end - m)) for m in plane.minimisers)
    panels = _panels(
        function,
        (
            Arrows(drawn[:, 0], drawn[:, 1], colour="vermillion"),
            Points((x,), (y,), colour="ink", marker="ring", label="start"),
            Points(end[:1], end[1:], colour="blue", label="end"),
        ),
        Points(moves, [lengths[n - 1] for n in moves]),
    )
    last = max(lengths[-2:])
    still = f"{last:.1g}" if last > LEAST else "less than 0.0001"
    value = plane.value
    caption = (
        f"alpha = {alpha:g}: f goes from {value(x, y):.2f} to "
        f"{value(*end):.2f}, the point from {_place(x, y)} to "
        f"{_place(*end)}, {away:.2f} from a minimiser. Longest step of the "
        f"last sweep: {still}."
    )
    far = min(abs(x), abs(y)) >= FAR
    return Picture(panels, caption, function == GOAL and away < 0.1 and far)


class DescentExplorer(DrawnExplorer):
    """Choose a function, a start and alpha; the page computes the path.

    See :func:`bcd_2d_explorer`.
    """

    title = "Block coordinate descent in the plane"
    goal = (
        f"On the {GOAL}, choose a start at least {FAR} away from both axes. "
        "End within 0.1 of the minimiser all the same."
    )
    legend = (
        f"{SWEEPS} sweeps of two updates. Steps shorter than {LEAST} are not "
        "shown. One neuron: x is U, y is V."
    )
    scripts = ("plot.js", "marks.js", "planes.js", "bcd_2d_view.js")

    def __init__(self) -> None:
        self.draw = draw

    @property
    def controls(self) -> tuple[Slider | Choice, ...]:
        """The function, the start, alpha and the order."""
        return (
            Choice("function", "function", tuple(PLANES), "tilted bowl"),
            Slider("x", "x, start", -2.0, 2.0, 0.05, 1.1),
            Slider("y", "y, start", -2.0, 2.0, 0.05, 1.9),
            Slider("alpha", "alpha, proximal weight", 0, 16, 0.1, 0),
            Choice("first", "order", ("x first", "y first"), "x first"),
        )

    def data(self) -> Mapping[str, object]:
        """What stands still: axes, level lines and minimisers."""
        still = (Picture(_panels(f, (), None), f) for f in PLANES)
        return {
            "names": list(PLANES),
            "minimisers": {f: p.minimisers for f, p in PLANES.items()},
            "sweeps": SWEEPS,
            "least": LEAST,
            "goal": GOAL,
            "far": FAR,
            **encode(still),
        }


def bcd_2d_explorer() -> DescentExplorer:
    """Paths on four functions.

    Returns
    -------
    DescentExplorer
        An object with ``html()`` that notebooks display by themselves.
    """
    return DescentExplorer()
