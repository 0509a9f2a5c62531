"""A picture as data: what an explorer shows for one setting.

A :class:`Picture` is one to three panels of marks, a caption and whether the
goal is reached. It says what is to be seen, not how: the page draws it as
SVG (``plot.js``, ``marks.js``), `Picture.figure` with matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from nnbcd.explore.marks import Mark, Number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Panel", "Picture", "Tick"]

Tick = tuple[float | int, str]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes.

    Parameters
    ----------
    marks : tuple of Mark
        Drawn in this order, later ones on top.
    title, x_label, y_label : str
        Plain text; Unicode serves for symbols.
    x_limits, y_limits : tuple of float, optional
        The ends of the axes; by default they fit the marks, and then move
        from frame to frame. An axis may run downwards.
    x_log, y_log : bool
        A logarithmic axis.
    x_ticks, y_ticks : tuple of (float, str), optional
        Where to write what; () for none. By default round numbers.
    square : bool
        One unit has the same length along both axes.
    alt : str
        What the panel shows, for those who cannot see it; by default its
        title. The numbers belong in the caption.
    """

    marks: tuple[Mark, ...]
    title: str
    x_label: str = ""
    y_label: str = ""
    x_limits: tuple[Number, Number] | None = None
    y_limits: tuple[Number, Number] | None = None
    x_log: bool = False
    y_log: bool = False
    x_ticks: tuple[Tick, ...] | None = None
    y_ticks: tuple[Tick, ...] | None = None
    square: bool = False
    alt: str = ""

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            limits = getattr(self, f"{name}_limits")
            if limits is None:
                continue
            ends = sorted(limits)
            least = 0.0 if getattr(self, f"{name}_log") else -float("inf")
            if not (least < ends[0] < ends[1] and isfinite(ends[1])):
                msg = (
                    f"{name}_limits of panel {self.title!r} must be two "
                    f"different numbers, positive on a log axis: {limits}."
                )
                raise ValueError(msg)


@dataclass(frozen=True)
class Picture:
    """What is shown for one setting of the controls.

    Parameters
    ----------
    panels : tuple of Panel
        One to three.
    caption : str
        One or two sentences with the numbers.
    reached : bool
        The goal is reached.
    """

    panels: tuple[Panel, ...]
    caption: str
    reached: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.panels) <= 3:
            msg = f"a picture has 1 to 3 panels, got {len(self.panels)}."
            raise ValueError(msg)
        if not self.caption.strip():
            msg = "a picture needs a caption: it is read aloud."
            raise ValueError(msg)

    def figure(self) -> Figure:
        """The picture as a matplotlib figure, in the house style."""
        from nnbcd.explore.render import figure

        return figure(self)
