"""The explorer of the V update: two hidden units, between two wishes."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from nnbcd.explore.controls import Slider, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Bars, Box, Line, Number, Points
from nnbcd.explore.picture import Panel, Picture

__all__ = ["RATIOS", "WEAK", "Plane", "draw", "plane", "v_update_explorer"]

Array = NDArray[np.float64]
RATIOS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
WEAK = (0.01, 0.03, 0.1, 0.3, 1.0)  # the second singular value; s1 = 1
START = np.array([0.3, 0.4])  # sigma(U)
GAP, CONDITION = 0.1, 30.0  # the goal: both stay below
TURN = [2 * pi * k / 32 for k in range(33)]


@dataclass(frozen=True)
class Plane:
    """The V block of one sample and two units, gamma = ratio, rho = 1.

    Parameters
    ----------
    weight : ndarray
        W of the layer above, shape (2, 2), singular values 1 and ``weak``.
    wanted : ndarray
        What that layer asks for, shape (2,).
    directions : ndarray
        Right singular vectors of W, one a row, shape (2, 2).
    fit : ndarray
        The point with no gap above: START + both directions, shape (2,).
    """

    weight: Array
    wanted: Array
    directions: Array
    fit: Array

    def minimiser(self, ratio: Number) -> Array:
        """V, shape (2,)."""
        gap = self.wanted - self.weight @ START
        system = self.weight.T @ self.weight + ratio * np.eye(2)
        step = np.linalg.solve(system, self.weight.T @ gap)
        return np.asarray(START + step)

    def gap(self, v: Array) -> float:
        """Length of the gap above, relative to that at START."""
        left = self.wanted - self.weight @ v
        whole = self.wanted - self.weight @ START
        return float(np.linalg.norm(left) / np.linalg.norm(whole))


def plane(weak: Number, angle: Number) -> Plane:
    """The block with singular values 1 and ``weak``, first one turned.

    Parameters
    ----------
    weak : float
        In (0, 1].
    angle : float
        Of the direction of singular value 1, in degrees.
    """
    c, s = cos(radians(angle)), sin(radians(angle))
    directions = np.array([[c, s], [-s, c]])
    weight = np.diag([1.0, weak]) @ directions
    fit = START + directions.sum(0)
    return Plane(weight, weight @ fit, directions, fit)


def condition(ratio: Number, weak: Number) -> float:
    """Condition number of ratio I + W^T W for singular values 1, weak."""
    return (ratio + 1) / (ratio + weak * weak)


def draw(ratio: Number, weak: Number, angle: Number) -> Picture:
    """The plane of V, the two shares, the condition number.

    Parameters
    ----------
    ratio : float
        gamma / rho.
    weak : float
        Second singular value of W.
    angle : float
        Of the first right singular vector, in degrees.
    """
    block = plane(weak, angle)
    v, number = block.minimiser(ratio), condition(ratio, weak)
    gap = block.gap(v)
    shares = [s * s / (s * s + ratio) for s in (1.0, weak)]
    caption = (
        f"gamma / rho = {ratio:g}, singular values 1 and {weak:g}: V has "
        f"gone {shares[0]:.1%} of the way in the strong direction and "
        f"{shares[1]:.1%} in the weak one. Of the gap above {gap:.1%} is "
        f"left. Condition number {number:,.1f}."
    )
    return Picture(
        (
            _map(block, v, number),
            _shares(shares, gap),
            _conditions(ratio, weak),
        ),
        caption,
        reached=weak == 0.1 and gap < GAP and number < CONDITION,
    )


def v_update_explorer() -> GridExplorer:
    """Explorer of the V block of two units.

    Move the ratio of the two penalties, the weaker singular value of the
    layer above, and its direction; watch V go from sigma(U) to least
    squares, and the condition number of its system.
    """
    return GridExplorer(
        title="The V update of two units",
        goal=(
            "With the weak singular value at 0.1, leave less than 10 % of "
            "the gap above, at a condition number below 30."
        ),
        legend=(
            "The two units: ellipses are level lines of the objective of the "
            "block; their axes are as unequal as the root of the condition "
            "number. Condition number: for every ratio, other spectra in "
            "grey; shaded is where it is below 30."
        ),
        controls=(
            Stops("ratio", "gamma / rho", RATIOS, 3),
            Stops("weak", "weak singular value", WEAK, 0.3),
            Slider("angle", "angle of the strong direction", 0, 90, 30, 30),
        ),
        draw=draw,
        play="ratio",
    )


def _map(block: Plane, v: Array, number: float) -> Panel:
    ratios = [0.0, *np.logspace(-4, 2, 41)]
    path = np.array([block.minimiser(r) for r in ratios])
    marks = []
    for long in (1.0, 0.5):
        short = long / sqrt(number)
        # The strong direction is the steep one: the short axis.
        ring = [
            v + short * cos(t) * block.directions[0]
            + long * sin(t) * block.directions[1]
            for t in TURN
        ]  # fmt: skip
        x, y = np.array(ring).T
        marks.append(Line(x, y, colour="grey", dash="solid", width=0.9))
    strong = np.array([START, START + 0.7 * block.directions[0]])
    return Panel(
        marks=(
            *marks,
            Line(
                strong[:, 0],
                strong[:, 1],
                colour="orange",
                dash="dotted",
                label="strong",
            ),
            Line(
                path[:, 0],
                path[:, 1],
                colour="green",
                dash="dashed",
                label="all ratios",
            ),
            Points(
                START[:1],
                START[1:],
                colour="ink",
                marker="ring",
                label="\u03c3(U)",
            ),
            Points(
                block.fit[:1],
                block.fit[1:],
                colour="ink",
                marker="plus",
                label="no gap above",
            ),
            Points(v[:1], v[1:], colour="vermillion", label="V"),
        ),
        title="The two units",
        x_label="first unit",
        y_label="second unit",
        x_limits=(-1.4, 2.4),
        y_limits=(-0.8, 2.6),
        square=True,
        alt="Ellipses around V, on a bent path between two points.",
    )


def _shares(shares: list[float], gap: float) -> Panel:
    return Panel(
        marks=(Bars((0, 1, 2), (*shares, 1 - gap), colour="sky"),),
        title="Share of the way",
        x_limits=(-0.6, 2.6),
        x_ticks=((0, "strong"), (1, "weak"), (2, "above")),
        y_limits=(0, 1.05),
        alt="Bars for both directions and for the gap of the layer above.",
    )


def _conditions(ratio: Number, weak: Number) -> Panel:
    others = [w for w in WEAK if w != weak]
    grey = [
        Line(
            RATIOS,
            [condition(r, w) for r in RATIOS],
            colour="grey",
            dash="solid",
            width=0.9,
        )
        for w in others
    ]
    own = [condition(r, weak) for r in RATIOS]
    return Panel(
        marks=(
            Box(RATIOS[0], 1, RATIOS[-1], CONDITION, colour="green"),
            *grey,
            Line(RATIOS, own, width=2.4),
            Points((ratio,), (condition(ratio, weak),), colour="vermillion"),
        ),
        title="Condition number",
        x_label="gamma / rho",
        x_log=True,
        y_log=True,
        x_limits=(RATIOS[0], RATIOS[-1]),
        y_limits=(0.8, 2e4),
        alt="Falling curves; the dot marks the chosen ratio.",
    )
