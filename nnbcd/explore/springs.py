"""A drawing: the network as a chain of arrows, and as a chain of springs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnbcd.explore.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_network", "draw_springs"]

_NAMES = ("$X$", "$U_1$", "$V_1$", "$U_2$", "$V_2$")
_STEPS = ("$W_1, b_1$", r"$\sigma_1$", "$W_2, b_2$", r"$\sigma_2$")
_Point = tuple[float, float]


def draw_network(ax: Axes) -> None:
    """Two layers as one nested function: arrows, nothing can give way.

    Parameters
    ----------
    ax : Axes
        Emptied and sized by this function.
    """
    _frame(ax, -0.6, 0.8)
    for k, step in enumerate(_STEPS):
        ax.annotate(
            "",
            (k + 0.78, 0),
            (k + 0.22, 0),
            arrowprops={"arrowstyle": "-|>", "color": "black"},
        )
        ax.text(k + 0.5, 0.22, step, ha="center", va="bottom")
    for k, name in enumerate(_NAMES):
        _node(ax, (k, 0), name, fixed=True)
    _loss(ax)


def draw_springs(ax: Axes) -> None:
    """The same chain lifted: every equation is a spring with a weight.

    Parameters
    ----------
    ax : Axes
        Emptied and sized by this function.
    """
    _frame(ax, -2.35, 0.8)
    for k in range(4):
        affine = k % 2 == 0
        colour = PALETTE["orange" if affine else "blue"]
        _spring(ax, (k + 0.2, 0), (k + 0.8, 0), colour)
        word = r"$\rho$" if affine else r"$\gamma$"
        ax.text(k + 0.5, 0.22, word, ha="center", va="bottom")
    for k, name in enumerate(_NAMES):
        _node(ax, (k, 0), name, fixed=k == 0)
    _loss(ax)
    for i, x in enumerate((0.5, 2.5), 1):
        ax.plot([x, x], [-0.14, -0.62], color="0.5", ls=":", lw=1.2)
        _node(ax, (x, -0.85), f"$W_{i}$")
        _spring(ax, (x, -1.08), (x, -1.72), PALETTE["green"])
        ax.text(x + 0.17, -1.4, r"$\tau$", ha="left", va="center")
        _node(ax, (x, -1.95), f"$G_{i}$", square=True)
        ax.text(x + 0.24, -1.97, rf"$\in M_{i}$", va="center")


def _loss(ax: Axes) -> None:
    _spring(ax, (4.2, 0), (4.8, 0), PALETTE["purple"])
    ax.text(4.5, 0.22, r"$\ell$", ha="center", va="bottom")
    _node(ax, (5, 0), "$Y$", fixed=True)


def _frame(ax: Axes, bottom: float, top: float) -> None:
    ax.set(xlim=(-0.35, 5.35), ylim=(bottom, top))
    ax.set_axis_off()


def _node(
    ax: Axes,
    at: _Point,
    name: str,
    *,
    fixed: bool = False,
    square: bool = False,
) -> None:
    box = {
        "boxstyle": "square,pad=0.25" if square else "circle,pad=0.2",
        "facecolor": "0.88" if fixed else "white",
        "edgecolor": "black",
    }
    ax.text(*at, name, ha="center", va="center", bbox=box)


def _spring(ax: Axes, start: _Point, end: _Point, colour: str) -> None:
    """A zigzag of eight teeth with straight ends."""
    along = np.linspace(0, 1, 20)
    swing = np.where(np.arange(20) % 2, 0.07, -0.07)
    swing[[0, 1, -2, -1]] = 0.0
    dx, dy = end[0] - start[0], end[1] - start[1]
    across = (-np.sign(dy), np.sign(dx))
    x = start[0] + along * dx + swing * across[0] * 0.8
    y = start[1] + along * dy + swing * across[1]
    ax.plot(x, y, color=colour, lw=1.5, ls="-")
