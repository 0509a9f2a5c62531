"""Pictures as compact JSON: what does not change is stored once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from nnbcd.explore.axes import Axis, axes_of
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

__all__ = ["encode"]

_LEVELS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass
class _Store:
    """Distinct values in order of appearance, found by their text."""

    values: list[object] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def put(self, value: object) -> int:
        text = json.dumps(value)
        if text not in self.places:
            self.places[text] = len(self.values)
            self.values.append(value)
        return self.places[text]


def encode(pictures: Iterable[Picture]) -> dict[str, list[object]]:
    """Marks, panels and frames of pictures, each distinct one once.

    Parameters
    ----------
    pictures : iterable of Picture
        The frames, in order.

    Returns
    -------
    dict
        ``marks``; ``panels``, which number their marks; ``captions``; and
        ``frames``, rows ``[panel, ..., caption, reached]`` of numbers.
    """
    marks, panels, captions = _Store(), _Store(), _Store()
    frames: list[object] = []
    for picture in pictures:
        row = [panels.put(_panel(p, marks)) for p in picture.panels]
        row += [captions.put(picture.caption), int(picture.reached)]
        frames.append(row)
    return {
        "marks": marks.values,
        "panels": panels.values,
        "captions": captions.values,
        "frames": frames,
    }


def _panel(panel: Panel, marks: _Store) -> dict[str, object]:
    x, y = axes_of(panel)
    return {
        "title": panel.title,
        "alt": panel.alt or panel.title,
        "x": _axis(x),
        "y": _axis(y),
        "square": int(panel.square),
        "marks": [marks.put(_mark(m, x, y)) for m in panel.marks],
    }


def _axis(axis: Axis) -> dict[str, object]:
    return {
        "ends": list(axis.limits),
        "ticks": [list(tick) for tick in axis.ticks],
        "log": int(axis.log),
        "label": axis.label,
    }


def _mark(mark: Mark, x: Axis, y: Axis) -> dict[str, object]:
    """One mark, short names, defaults left out, numbers rounded."""
    kind = type(mark).__name__.lower()
    out: dict[str, object] = {"is": kind, "c": mark.colour}
    if mark.label:
        out["label"] = mark.label
    if isinstance(mark, (Line, Points, Arrows)):
        out["x"] = [x.rounded(float(v)) for v in mark.x]
        out["y"] = [y.rounded(float(v)) for v in mark.y]
    if isinstance(mark, (Line, Arrows, Rule)):
        out["w"] = mark.width
    if isinstance(mark, (Line, Rule)) and mark.dash:
        out["dash"] = mark.dash
    if isinstance(mark, Points):
        out |= {"m": mark.marker, "r": mark.size}
    if isinstance(mark, Rule):
        upright = mark.direction == "vertical"
        out |= {
            "at": (x if upright else y).rounded(mark.at),
            "v": int(upright),
        }
    if isinstance(mark, Words):
        out |= {"x": x.rounded(mark.x), "y": y.rounded(mark.y)}
        out |= {"t": mark.words, "a": mark.anchor}
    if isinstance(mark, Box):
        sides = (mark.left, mark.right), (mark.bottom, mark.top)
        out["x"] = [x.rounded(v) for v in sides[0]]
        out["y"] = [y.rounded(v) for v in sides[1]]
        out["f"] = int(mark.filled)
    if isinstance(mark, Bars):
        out |= _bars(mark, *((y, x) if mark.across else (x, y)))
    if isinstance(mark, Cells):
        out |= _cells(mark)
    return out


def _bars(mark: Bars, along: Axis, up: Axis) -> dict[str, object]:
    base = mark.base if len(mark.base) else (0.0,) * len(mark.x)
    # A log axis has no zero: its bars stand on the end of the axis.
    floor = min(up.limits) if up.log else 0.0
    tops = [b + h for b, h in zip(base, mark.height, strict=True)]
    return {
        "x": [along.rounded(float(v)) for v in mark.x],
        "lo": [
            up.rounded(max(float(b), floor) if up.log else b) for b in base
        ],
        "hi": [up.rounded(float(t)) for t in tops],
        "w": mark.width,
        "across": int(mark.across),
    }


def _cells(mark: Cells) -> dict[str, object]:
    """Rows as words, one letter a cell: 36 shades are more than one sees."""

    def letter(value: float) -> str:
        if not isfinite(value):
            return "."
        share = (value - mark.low) / (mark.high - mark.low)
        return _LEVELS[round(min(max(share, 0.0), 1.0) * 35)]

    out: dict[str, object] = {
        "rows": ["".join(letter(float(v)) for v in r) for r in mark.values],
        "scale": int(mark.scale == "diverging"),
        "edges": list(mark.edges),
    }
    if mark.digits is not None:
        out["t"] = [
            [
                f"{v:.{mark.digits}f}".replace("-", "\u2212")
                if isfinite(v) else ""
                for v in row
            ]
            for row in mark.values
        ]  # fmt: skip
    return out
