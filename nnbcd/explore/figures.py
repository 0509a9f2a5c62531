"""The look of the book's figures, and the pictures chapters share.

Colours are from the Okabe-Ito set, which people with the common forms of
colour blindness can tell apart. Every colour comes with its own line style,
so a print in greys loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import torch
from cycler import cycler

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnbcd.activations import PiecewiseLinear

__all__ = ["PALETTE", "objective_curve", "prox_curve", "style"]

PALETTE = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
}

_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1)))

_STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 10,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "axes.prop_cycle": cycler(color=list(PALETTE.values()))
    + cycler(linestyle=_LINES),
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style inside the block, leave no trace after it.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["axes.grid"]
    True
    """
    with mpl.rc_context(_STYLE):
        yield


def objective_curve(
    ax: Axes,
    activation: PiecewiseLinear,
    v: float,
    m: float,
    c: float,
    *,
    window: tuple[float, float] = (-2.5, 2.5),
    top: float = 2.0,
) -> None:
    """Draw the scalar U sub-problem, its candidates and its minimiser.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    activation : PiecewiseLinear
        The sigma of the sub-problem.
    v, m, c : float
        Wanted output, centre and proximal weight, c > 0.
    window : tuple of float
        Range of u.
    top : float
        Upper end of the vertical axis.
    """
    u = torch.linspace(*window, 1001, dtype=torch.float64)
    fit = 0.5 * (activation(u) - v) ** 2
    pull = 0.5 * c * (u - m) ** 2
    ax.plot(u, fit, color="0.45", ls="--", lw=1.2, label="fit")
    ax.plot(u, pull, color="0.45", ls=":", lw=1.4, label="pull")
    ax.plot(u, fit + pull, color=PALETTE["blue"], lw=2.2, label="F")
    for piece in activation.table:
        s, t = piece.slope, piece.intercept
        at = (s * (v - t) + c * m) / (s * s + c)
        at = min(max(at, piece.lo), piece.hi)
        height = 0.5 * (s * at + t - v) ** 2 + 0.5 * c * (at - m) ** 2
        ax.plot(at, height, "o", ms=9, mfc="none", mec="black", ls="none")
    best = _prox(activation, v, torch.tensor([m], dtype=torch.float64), c)
    value = 0.5 * (activation(best) - v) ** 2 + 0.5 * c * (best - m) ** 2
    ax.plot(best, value, "o", ms=5, color=PALETTE["vermillion"], ls="none")
    ax.set(xlabel="$u$", xlim=window, ylim=(0, top))


def prox_curve(
    ax: Axes,
    activation: PiecewiseLinear,
    v: float,
    c: float,
    *,
    window: tuple[float, float] = (-2.5, 2.5),
    label: str | None = None,
) -> None:
    """Draw the minimiser u* against the centre m, leaving its jumps open.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    activation : PiecewiseLinear
        The sigma of the sub-problem.
    v, c : float
        Wanted output and proximal weight, c > 0.
    window : tuple of float
        Range of m.
    label : str, optional
        Name of the curve in the legend.
    """
    m = torch.linspace(*window, 4001, dtype=torch.float64)
    u = _prox(activation, v, m, c)
    jump = torch.diff(u, prepend=u[:1]).abs() > 0.05
    ax.plot(m, u.masked_fill(jump, torch.nan), label=label)
    ax.set(xlabel="$m$", ylabel=r"$u^\star$", xlim=window)


def _prox(
    activation: PiecewiseLinear, v: float, m: torch.Tensor, c: float
) -> torch.Tensor:
    return activation.prox(torch.full_like(m, v), m, c)
