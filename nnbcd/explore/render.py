"""A picture drawn with matplotlib: the same marks as on the page."""

from __future__ import annotations

from functools import singledispatch
from math import isnan
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnbcd.explore.axes import axes_of
from nnbcd.explore.figures import PALETTE, style
from nnbcd.explore.marks import (
    Arrows,
    Bars,
    Box,
    Cells,
    Line,
    Mark,
    Points,
    Rule,
    Words,
)
from nnbcd.explore.picture import Panel, Picture

__all__ = ["figure"]

_COLOUR = {**PALETTE, "ink": "#1b1f24", "grey": "#57606a"}
_DASH = {
    "blue": "solid",
    "vermillion": "dashed",
    "green": "dashdot",
    "purple": "dotted",
    "orange": (0, (6, 1.5)),
    "sky": (0, (1, 1)),
    "ink": "solid",
    "grey": (0, (2, 1.5)),
}
_HATCH = {
    "vermillion": "--",
    "green": "||",
    "purple": "++",
    "orange": "-",
    "sky": "|",
    "grey": "---",
}
_MARKER = {"dot": "o", "ring": "o", "square": "s", "cross": "x", "plus": "+"}
_SCALES = {
    "light to dark": ("#f0f4f9", "#56a0d3", "#082860"),
    "diverging": ("#a63e00", "#f7f7f7", "#08519c"),
}


def figure(picture: Picture) -> Figure:
    """Draw the panels of a picture side by side.

    Parameters
    ----------
    picture : Picture
        What to draw. The caption is not drawn: it belongs below.

    Returns
    -------
    matplotlib.figure.Figure
        In the house style, not known to pyplot.
    """
    count = len(picture.panels)
    with style():
        drawn = Figure(figsize=(3.7 * count, 3.0))
        row = drawn.subplots(1, count, squeeze=False)[0]
        for ax, panel in zip(row, picture.panels, strict=True):
            _panel(ax, panel)
        # Placed now, while the style lasts.
        drawn.canvas.draw()
    return drawn


def _panel(ax: Axes, panel: Panel) -> None:
    x, y = axes_of(panel)
    ax.set(title=panel.title, xlabel=x.label, ylabel=y.label)
    ax.set(xscale="log" if x.log else "linear")
    ax.set(yscale="log" if y.log else "linear")
    for mark in panel.marks:
        _draw(mark, ax)
    ax.set(xlim=x.limits, ylim=y.limits)
    ax.set_xticks([t[0] for t in x.ticks], [t[1] for t in x.ticks])
    ax.set_yticks([t[0] for t in y.ticks], [t[1] for t in y.ticks])
    ax.minorticks_off()
    ax.set_axisbelow(True)
    if panel.square:
        ax.set_aspect("equal")
    if any(mark.label for mark in panel.marks):
        ax.legend(fontsize=8)


@singledispatch
def _draw(mark: Mark, ax: Axes) -> None:
    msg = f"no way to draw a {type(mark).__name__}."
    raise TypeError(msg)


@_draw.register
def _(mark: Line, ax: Axes) -> None:
    look: dict[str, Any] = {"ls": mark.dash or _DASH[mark.colour]}
    look |= {"color": _COLOUR[mark.colour], "lw": mark.width}
    ax.plot(mark.x, mark.y, label=mark.label or None, **look)


@_draw.register
def _(mark: Points, ax: Axes) -> None:
    colour = _COLOUR[mark.colour]
    look: dict[str, Any] = {"mec": colour, "mfc": colour, "ls": "none"}
    if mark.marker == "ring":
        look["mfc"] = "none"
    look |= {"marker": _MARKER[mark.marker], "ms": 1.6 * mark.size}
    ax.plot(mark.x, mark.y, label=mark.label or None, **look)


@_draw.register
def _(mark: Arrows, ax: Axes) -> None:
    look: dict[str, Any] = {"color": _COLOUR[mark.colour], "lw": mark.width}
    ax.plot([], [], ls="-", label=mark.label or None, **look)
    look |= {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
    points = list(zip(mark.x, mark.y, strict=True))
    for start, end in zip(points, points[1:], strict=False):
        ax.annotate("", end, start, arrowprops=look)


@_draw.register
def _(mark: Bars, ax: Axes) -> None:
    base = list(mark.base) if len(mark.base) else [0.0] * len(mark.x)
    look: dict[str, Any] = {"color": _COLOUR[mark.colour]}
    look |= {"edgecolor": "white", "hatch": _HATCH.get(mark.colour)}
    draw = ax.barh if mark.across else ax.bar
    label = mark.label or None
    draw(mark.x, mark.height, mark.width, base, label=label, **look)


@_draw.register
def _(mark: Words, ax: Axes) -> None:
    side = {"start": "left", "middle": "center", "end": "right"}
    look: dict[str, Any] = {"va": "center", "ha": side[mark.anchor]}
    look |= {"color": _COLOUR[mark.colour], "clip_on": True}
    ax.text(mark.x, mark.y, mark.words, **look)


@_draw.register
def _(mark: Box, ax: Axes) -> None:
    colour = _COLOUR[mark.colour]
    look: dict[str, Any] = {"fc": "none", "ec": colour, "lw": 1.5}
    if mark.filled:
        look = {"fc": colour, "alpha": 0.18, "lw": 0}
    wide, high = mark.right - mark.left, mark.top - mark.bottom
    corner, label = (mark.left, mark.bottom), mark.label or None
    ax.add_patch(Rectangle(corner, wide, high, label=label, **look))


@_draw.register
def _(mark: Rule, ax: Axes) -> None:
    look: dict[str, Any] = {"ls": mark.dash or _DASH[mark.colour]}
    look |= {"color": _COLOUR[mark.colour], "lw": mark.width}
    draw = ax.axvline if mark.direction == "vertical" else ax.axhline
    draw(mark.at, label=mark.label or None, **look)


@_draw.register
def _(mark: Cells, ax: Axes) -> None:
    values = np.asarray(mark.values, dtype=float)
    left, right, bottom, top = mark.edges
    colours = LinearSegmentedColormap.from_list("nn", _SCALES[mark.scale])
    ax.imshow(
        values,
        cmap=colours,
        vmin=mark.low,
        vmax=mark.high,
        extent=mark.edges,
        aspect="auto",
        interpolation="nearest",
    )
    ax.grid(visible=False)
    middle = (mark.low + mark.high) / 2
    rows, columns = values.shape
    for i, j in np.ndindex(rows, columns):
        value = values[i, j]
        if isnan(value):
            continue
        x = left + (right - left) * (j + 0.5) / columns
        y = top + (bottom - top) * (i + 0.5) / rows
        share = (value - mark.low) / (mark.high - mark.low)
        dark = share > 0.5
        if mark.scale == "diverging":
            dark = abs(share - 0.5) > 0.27
        ink = "white" if dark else "black"
        if mark.digits is not None:
            words = f"{value:.{mark.digits}f}"
            ax.text(x, y, words, color=ink, ha="center", va="center")
        elif mark.scale == "diverging" and value < middle:
            ax.text(x, y, "\u2212", color=ink, ha="center", va="center")
