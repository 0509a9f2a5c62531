"""The explorer of the W update: a weight between data and structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Box, Cells, Line, Number, Points
from nnbcd.explore.picture import Panel, Picture

__all__ = ["INPUTS", "TAUS", "Fit", "draw", "fit", "w_update_explorer"]

Array = NDArray[np.float64]
TAUS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
ROUNDS = (1, 3, 10, 30, 100)
ROWS, SIZE = 200, 10
KEPT, RANK = 30, 2
# Standard deviation of the weakest direction of V; the strongest has 1.
INPUTS = {"nearly dependent": 0.01, "independent": 1.0}
GAP, EXTRA = 0.01, 0.05  # the goal: both stay below


def keep(w: Array) -> Array:
    """The nearest matrix with 30 non-zeros."""
    size = np.sort(np.abs(w).ravel())[-KEPT]
    return np.asarray(np.where(np.abs(w) >= size, w, 0.0))


def truncate(w: Array) -> Array:
    """The nearest matrix of rank 2."""
    u, s, v = np.linalg.svd(w)
    return np.asarray((u[:, :RANK] * s[:RANK]) @ v[:RANK])


STRUCTURES: dict[str, Callable[[Array], Array]] = {
    "30 of 100 entries": keep,
    "rank 2": truncate,
}


@dataclass(frozen=True)
class Fit:
    """W and G after some rounds of W and G updates, from least squares.

    Parameters
    ----------
    weight, copy : ndarray
        W and G, shape (10, 10).
    gap : float
        ||W - G|| / ||G||.
    extra : float
        How much more squared error G has than least squares, relative.
    """

    weight: Array
    copy: Array
    gap: float
    extra: float


@cache
def _data(structure: str, inputs: str) -> tuple[Array, Array, Array, float]:
    """Gram and cross products per row, least squares, its squared error."""
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0]
    spread = np.geomspace(1, INPUTS[inputs], SIZE)
    v = rng.normal(size=(ROWS, SIZE)) @ (basis * spread) @ basis.T
    v /= np.sqrt((v**2).sum(1).mean() / SIZE)
    true = STRUCTURES[structure](rng.normal(size=(SIZE, SIZE)))
    u = v @ true.T + 0.3 * rng.normal(size=(ROWS, SIZE))
    gram, cross = v.T @ v / ROWS, u.T @ v / ROWS
    least = np.linalg.solve(gram, cross.T).T
    error = float(((u - v @ least.T) ** 2).sum() / ROWS)
    return gram, cross, least, error


@cache
def fit(structure: str, inputs: str, tau: Number, rounds: int) -> Fit:
    """W and G after ``rounds`` rounds; no bias, alpha = 0, rho N = 1.

    Parameters
    ----------
    structure, inputs : str
        Keys of ``STRUCTURES`` and ``INPUTS``.
    tau : float
        Weight of the pull, positive.
    rounds : int
        Each a W and a G update; before the first, G is projected least
        squares.
    """
    gram, cross, least, error = _data(structure, inputs)
    project = STRUCTURES[structure]
    system = gram + tau * np.eye(SIZE)
    w, g = least, project(least)
    for _ in range(rounds):
        w = np.linalg.solve(system, (cross + tau * g).T).T
        g = project(w)
    off = g - least
    return Fit(
        w,
        g,
        float(np.linalg.norm(w - g) / np.linalg.norm(g)),
        float(((off @ gram) * off).sum() / error),
    )


def draw(structure: str, inputs: str, rounds: int, tau: Number) -> Picture:
    """W as cells, its entries or singular values, gap against error.

    Parameters
    ----------
    structure, inputs : str
        Keys of ``STRUCTURES`` and ``INPUTS``.
    rounds : int
        One of ``ROUNDS``.
    tau : float
        One of ``TAUS``.
    """
    now = fit(structure, inputs, tau, rounds)
    count = "1 round" if rounds == 1 else f"{rounds} rounds"
    caption = (
        f"tau / (rho N) = {tau:g}, after {count}: W lies {now.gap:.2%} from "
        f"its copy G, relative to G. In place of least squares, G has "
        f"{now.extra:.1%} more squared error."
    )
    return Picture(
        (_cells(now), _sizes(structure, inputs, now), _trade(
            structure, inputs, rounds, now)),
        caption,
        reached=INPUTS[inputs] < 1 and now.gap < GAP and now.extra < EXTRA,
    )  # fmt: skip


def w_update_explorer() -> GridExplorer:
    """Explorer of the pull of the W block.

    Move tau and the number of rounds of W and G updates; watch the weight
    go from least squares to its structured copy, and the price in error.
    """
    return GridExplorer(
        title="A weight between data and structure",
        goal=(
            "With nearly dependent inputs, bring W within 1 % of its copy, "
            "and let the copy have less than 5 % more squared error than "
            "least squares."
        ),
        legend=(
            "The weight W: rows are outputs. Sizes: of W and G, in order, "
            "and of least squares. Gap and error: every tau, after as many "
            "rounds; shaded is the goal."
        ),
        controls=(
            Choice("structure", "structure", tuple(STRUCTURES), "rank 2"),
            Choice("inputs", "inputs", tuple(INPUTS), "nearly dependent"),
            Stops("rounds", "rounds of W and G", ROUNDS, 1),
            Stops("tau", "tau / (rho N)", TAUS, 0.01),
        ),
        draw=draw,
        play="tau",
    )


def _cells(now: Fit) -> Panel:
    return Panel(
        marks=(Cells(now.weight.clip(-3, 3), -3, 3, scale="diverging"),),
        title="The weight W",
        square=True,
        alt="A matrix of ten by ten coloured cells.",
    )


def _sizes(structure: str, inputs: str, now: Fit) -> Panel:
    """Entries in order of size, or singular values."""
    sparse = structure != "rank 2"

    def sizes(w: Array) -> Array:
        if sparse:
            return np.sort(np.abs(w).ravel())[::-1]
        return np.asarray(np.linalg.svd(w, compute_uv=False))

    place = np.arange(1, 101 if sparse else 11)
    least = sizes(_data(structure, inputs)[2])
    return Panel(
        marks=(
            Line(place, least, colour="grey", label="least squares"),
            Line(place, sizes(now.weight), label="W"),
            Line(
                place,
                sizes(now.copy),
                colour="vermillion",
                dash="dashed",
                label="G",
            ),
        ),
        title="Sizes of entries" if sparse else "Singular values",
        x_label="place",
        x_limits=(0, 101) if sparse else (0.5, 10.5),
        y_limits=(-0.1, 4) if sparse else (-0.3, 10),
        alt="Falling curves for least squares, W and G.",
    )


def _trade(structure: str, inputs: str, rounds: int, now: Fit) -> Panel:
    every = [fit(structure, inputs, t, rounds) for t in TAUS]

    return Panel(
        marks=(
            Box(1e-4, 1e-3, GAP, EXTRA, colour="green"),
            Line(
                [f.gap for f in every],
                [f.extra for f in every],
                colour="grey",
                dash="solid",
                width=1.2,
            ),
            Points(
                [f.gap for f in every],
                [f.extra for f in every],
                colour="grey",
                marker="ring",
                size=3.5,
            ),
            Points(
                (now.gap,),
                (now.extra,),
                colour="vermillion",
                size=5.5,
            ),
        ),
        title="Gap and error",
        x_label="gap between W and G",
        y_label="extra error of G",
        x_log=True,
        y_log=True,
        x_limits=(1e-4, 1),
        y_limits=(1e-3, 10),
        alt="A curve through all values of tau; the dot is the chosen one.",
    )
