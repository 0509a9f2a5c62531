"""Limits and ticks of a panel: one answer for the page and matplotlib."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from nnbcd.explore.marks import (
    Arrows,
    Bars,
    Box,
    Cells,
    Line,
    Mark,
    Number,
    Points,
    Rule,
    Words,
)
from nnbcd.explore.picture import Panel, Tick

__all__ = ["Axis", "axes_of"]


@dataclass(frozen=True)
class Axis:
    """One resolved axis: its ends, its ticks, and whether it is log."""

    limits: tuple[Number, Number]
    ticks: tuple[Tick, ...]
    log: bool
    label: str

    def rounded(self, value: Number) -> Number | None:
        """The value as precise as a screen can show; None for a gap."""
        if not isfinite(value) or (self.log and value <= 0):
            return None
        if self.log:
            return _short(float(f"{value:.4g}"))
        span = abs(self.limits[1] - self.limits[0])
        # Far outside, a number would only be long.
        value = min(max(value, min(self.limits) - 9 * span),
                    max(self.limits) + 9 * span)  # fmt: skip
        return _short(round(value, ceil(-log10(span / 2000))))


def axes_of(panel: Panel) -> tuple[Axis, Axis]:
    """The x and the y axis of a panel."""
    both = []
    for name in ("x", "y"):
        log = getattr(panel, f"{name}_log")
        limits = getattr(panel, f"{name}_limits")
        if limits is None:
            limits = _limits(panel, name, log)
        ticks = getattr(panel, f"{name}_ticks")
        if ticks is None:
            whole = any(
                isinstance(m, Cells) and m.extent is None for m in panel.marks
            )
            least = 1.0 if whole else 0.0  # rows and columns have numbers
            ticks = _decades(limits) if log else _round(limits, least)
        label = getattr(panel, f"{name}_label")
        both.append(Axis(limits, ticks, log, label))
    return both[0], both[1]


def _limits(panel: Panel, name: str, log: bool) -> tuple[Number, Number]:
    """The ends that fit the marks; those of a matrix fit it closely."""
    for mark in panel.marks:
        if isinstance(mark, Cells):
            left, right, bottom, top = mark.edges
            return (left, right) if name == "x" else (bottom, top)
    return _fitting((v for m in panel.marks for v in _reach(m, name)), log)


def _reach(mark: Mark, axis: str) -> Iterable[Number]:
    """The coordinates of a mark along an axis."""
    if isinstance(mark, (Line, Points, Arrows)):
        return mark.x if axis == "x" else mark.y
    if isinstance(mark, Words):
        return (mark.x if axis == "x" else mark.y,)
    if isinstance(mark, Rule):
        along = mark.direction == (
            "vertical" if axis == "x" else "horizontal"
        )
        return (mark.at,) if along else ()
    if isinstance(mark, Box):
        ends = (mark.left, mark.right), (mark.bottom, mark.top)
        return ends[axis == "y"]
    assert isinstance(mark, Bars)
    if mark.across == (axis == "y"):  # the axis the bars stand on
        half = mark.width / 2
        return [x + s * half for x in mark.x for s in (-1, 1)]
    base = mark.base if len(mark.base) else (0.0,) * len(mark.x)
    return [*base, *(b + h for b, h in zip(base, mark.height, strict=True))]


def _fitting(values: Iterable[Number], log: bool) -> tuple[Number, Number]:
    usable = [v for v in values if isfinite(v) and (v > 0 or not log)]
    low, high = (min(usable), max(usable)) if usable else (0.1, 1.0)
    if log:
        return low / 1.2, high * 1.2
    gap = 0.05 * (high - low) or 0.5
    return low - gap, high + gap


def _round(limits: tuple[Number, Number], least: float) -> tuple[Tick, ...]:
    """Two to seven multiples of 1, 2 or 5 times a power of ten."""
    low, high = sorted(limits)
    rough = max((high - low) / 6, least)
    power = 10.0 ** floor(log10(rough))
    step = power * min(m for m in (1, 2, 5, 10) if m * power >= rough * 0.99)
    places = max(0, -floor(log10(step)))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    ticks = []
    for k in range(first, last + 1):
        at = round(k * step, places) + 0.0
        small = max(abs(low), abs(high)) < 1e5
        text = f"{at:.{places}f}" if small else f"{at:.3g}"
        ticks.append((_short(at), text.replace("-", "\u2212")))
    return tuple(ticks)


_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3"
                        "\u2074\u2075\u2076\u2077\u2078\u2079")  # fmt: skip


def _decades(limits: tuple[Number, Number]) -> tuple[Tick, ...]:
    """Powers of ten, at most seven; if few fit, also their 2 and 5 fold."""
    low, high = sorted(limits)
    first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    stride = max(1, ceil((last - first + 1) / 7))
    if last - first >= 2:
        powers = range(first, last + 1, stride)
        return tuple((_short(10.0**k), _power(k)) for k in powers)
    found = [
        m * 10.0**k
        for k in range(first - 1, last + 1)
        for m in (1, 2, 5)
        if low * (1 - 1e-9) <= m * 10.0**k <= high * (1 + 1e-9)
    ]
    return tuple((_short(float(f"{v:.3g}")), f"{v:.3g}") for v in found)


def _power(k: int) -> str:
    return {0: "1", 1: "10"}.get(k, "10" + str(k).translate(_RAISED))


def _short(value: Number) -> Number:
    """Whole numbers as int, so that JSON does not write their .0."""
    whole = value == int(value) and abs(value) < 1e15
    return int(value) if whole else value
