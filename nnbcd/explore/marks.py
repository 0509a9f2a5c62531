"""The marks a picture is made of: lines, points, bars, cells and more.

Every colour has its own dash and hatching, so that a print in greys loses
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

__all__ = [
    "Arrows",
    "Bars",
    "Box",
    "Cells",
    "Colour",
    "Line",
    "Mark",
    "Points",
    "Rule",
    "Words",
]

Colour = Literal[
    "blue", "vermillion", "green", "purple", "orange", "sky", "ink", "grey"
]
Number = float | int
Numbers = Sequence[float | int] | NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What all marks share.

    Parameters
    ----------
    colour : str
        blue, vermillion, green, purple, orange, sky, ink or grey.
    label : str
        The mark's entry in the legend; none if empty.
    """

    colour: Colour = "blue"
    label: str = ""


@dataclass(frozen=True)
class Line(Mark):
    """A curve through points; a nan breaks it.

    ``dash`` overrules that of the colour: solid, dashed, dotted, dashdot.
    """

    x: Numbers
    y: Numbers
    dash: Literal["", "solid", "dashed", "dotted", "dashdot"] = ""
    width: Number = 2.0

    def __post_init__(self) -> None:
        _same_length("Line", x=self.x, y=self.y)


@dataclass(frozen=True)
class Points(Mark):
    """Separate points; ``marker`` is dot, ring, square, cross or plus."""

    x: Numbers
    y: Numbers
    marker: Literal["dot", "ring", "square", "cross", "plus"] = "dot"
    size: Number = 4.5

    def __post_init__(self) -> None:
        _same_length("Points", x=self.x, y=self.y)


@dataclass(frozen=True)
class Arrows(Mark):
    """A path of straight steps with a head on every step."""

    x: Numbers
    y: Numbers
    width: Number = 1.6

    def __post_init__(self) -> None:
        _same_length("Arrows", x=self.x, y=self.y)


@dataclass(frozen=True)
class Bars(Mark):
    """Upright bars centred at ``x``, or lying ones if ``across``.

    ``base`` is where each bar begins: put the sum of the bars below it
    there to stack them.
    """

    x: Numbers
    height: Numbers
    base: Numbers = ()
    width: Number = 0.8
    across: bool = False

    def __post_init__(self) -> None:
        _same_length("Bars", x=self.x, height=self.height)
        if len(self.base):
            _same_length("Bars", x=self.x, base=self.base)


@dataclass(frozen=True)
class Cells(Mark):
    """A matrix as coloured cells, its first row at the top.

    Parameters
    ----------
    values : sequence of rows
        At most 64 x 64 numbers; nan leaves a cell empty.
    low, high : float
        The values of the lightest and the darkest cell; for ``diverging``,
        of the two ends, whose middle is white.
    scale : str
        "light to dark" or "diverging".
    digits : int or None
        Print each value with so many decimals.
    extent : tuple of float
        Left, right, bottom, top; by default the column and row numbers,
        cell (0, 0) around the point (0, 0), rows counted downwards.
    """

    values: Sequence[Numbers] | NDArray[Any]
    low: Number
    high: Number
    scale: Literal["light to dark", "diverging"] = "light to dark"
    digits: int | None = None
    extent: tuple[Number, Number, Number, Number] | None = None

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.values}
        if len(widths) != 1 or not 1 <= max(widths) <= 64:
            msg = "Cells needs rows of one length, 1 to 64."
            raise ValueError(msg)
        if len(self.values) > 64 or not self.low < self.high:
            msg = "Cells needs at most 64 rows, and low < high."
            raise ValueError(msg)

    @property
    def edges(self) -> tuple[Number, Number, Number, Number]:
        """Left, right, bottom, top."""
        if self.extent is not None:
            return self.extent
        return (-0.5, len(self.values[0]) - 0.5, len(self.values) - 0.5, -0.5)


@dataclass(frozen=True)
class Words(Mark):
    """A few words at a point."""

    x: Number
    y: Number
    words: str
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True)
class Box(Mark):
    """A rectangle between two corners, shaded if ``filled``."""

    left: Number
    bottom: Number
    right: Number
    top: Number
    filled: bool = True


@dataclass(frozen=True)
class Rule(Mark):
    """A line across the whole panel: "horizontal" at y, "vertical" at x."""

    at: Number
    direction: Literal["horizontal", "vertical"] = "horizontal"
    dash: Literal["", "solid", "dashed", "dotted", "dashdot"] = ""
    width: Number = 1.3


def _same_length(mark: str, **columns: Numbers) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{k} has {n}" for k, n in lengths.items())
        msg = f"{mark} needs columns of one length: {found}."
        raise ValueError(msg)
