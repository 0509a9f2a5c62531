"""The explorer of shipping: bytes, flops and measured time beside dense."""

from __future__ import annotations

from typing import Any

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Line, Points, Rule
from nnbcd.explore.picture import Panel, Picture, Tick
from nnbcd.explore.shipping_measured import (
    BATCHES,
    NUMBER,
    SHARES,
    SIZES,
    WAYS,
    break_even,
    machine,
    ratio,
    stored,
)

__all__ = [
    "BATCHES",
    "SHARES",
    "SIZES",
    "WAYS",
    "break_even",
    "draw",
    "ratio",
    "shipping_explorer",
    "stored",
]

SMALL, FAST = 0.1, 2.0  # the goal: share of the bytes, times as fast
_LOOKS: dict[str, dict[str, Any]] = {
    WAYS[0]: {"colour": "blue", "dash": "solid"},
    WAYS[1]: {"colour": "ink", "dash": "dotted"},
    WAYS[2]: {"colour": "vermillion", "dash": "dashed"},
    WAYS[3]: {"colour": "green", "dash": "dashdot"},
    WAYS[4]: {"colour": "purple", "dash": "solid"},
    WAYS[5]: {"colour": "grey", "dash": "dashed"},
}
_SHARE_TICKS: tuple[Tick, ...] = (
    *((0.005, "0.5 %"), (0.02, "2 %"), (0.1, "10 %"), (0.5, "50 %")),
)


def draw(way: str, size: int, batch: int, share: float) -> Picture:
    """Bytes and time of one setting, and the other ways beside it.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size, batch : int
        Of ``SIZES`` and of ``BATCHES``.
    share : float
        One of ``SHARES``.
    """
    _, taken = stored(way, size, share)
    dense = NUMBER * size * size
    time = ratio(way, size, batch, share)
    reached = taken <= SMALL * dense and time <= 1 / FAST
    speed = (
        f"{1 / time:.1f} times as fast as dense"
        if time < 1
        else f"{time:.1f} times as long as dense"
    )
    edge = break_even(way, size, batch)
    until = (
        f"No slower than dense up to {edge:.1%} of the numbers"
        if edge
        else "Slower than dense at every share measured"
    )
    caption = (
        f"{way.capitalize()}, {size} \u00d7 {size}: {taken:,} bytes, "
        f"{taken / dense:.1%} of dense. At batch {batch}: {speed}. {until}."
    )
    return Picture(
        (_bytes(way, size, share), _times(way, size, batch, share)),
        caption,
        reached,
    )


def shipping_explorer() -> GridExplorer:
    """Explorer of what a compressed weight stores and how long it takes.

    Choose a format, the size of the weight, the batch, and how much is
    kept.
    """
    return GridExplorer(
        title="One compressed weight, stored and multiplied",
        goal=(
            "At batch 256, store at most a tenth of the bytes and be at "
            "least twice as fast as dense. Then try batch 1."
        ),
        legend=(
            f"Measured once, on {machine()}, one thread, single "
            "precision. Another machine has other curves. Thick: the format "
            "chosen. Time one is dense."
        ),
        controls=(
            Choice("way", "format", WAYS, WAYS[3]),
            Stops("size", "rows and columns", SIZES, 512),
            Stops("batch", "batch, rows multiplied at once", BATCHES, 1),
            Stops("share", "share of the numbers kept", SHARES, 0.2),
        ),
        draw=draw,
        play="share",
    )


def _bytes(way: str, size: int, share: float) -> Panel:
    dense = NUMBER * size * size
    shown = (WAYS[0], WAYS[2], WAYS[3])
    marks: list[Any] = [Rule(1.0, dash="dotted")]
    for name in shown:
        parts = [stored(name, size, s)[1] / dense for s in SHARES]
        same = name.split(",")[0] == way.split(",")[0]
        look = _LOOKS[name] | {"label": name.split(",")[0]}
        marks.append(Line(SHARES, parts, width=3.5 if same else 1.5, **look))
    taken = stored(way, size, share)[1] / dense
    marks.append(Points((share,), (taken,), "square", 6, colour="ink"))
    return Panel(
        marks=tuple(marks),
        title="Bytes over dense",
        x_label="share of the numbers kept",
        x_limits=(0.004, 0.6),
        y_limits=(0.003, 2.0),
        x_log=True,
        y_log=True,
        x_ticks=_SHARE_TICKS,
        alt="Stored bytes over dense bytes, against the share kept",
    )


def _times(way: str, size: int, batch: int, share: float) -> Panel:
    marks: list[Any] = [Rule(1.0, dash="dotted")]
    for name in WAYS:
        times = [ratio(name, size, batch, s) for s in SHARES]
        width = 3.5 if name == way else 1.5
        look = _LOOKS[name] | {"label": name}
        marks.append(Line(SHARES, times, width=width, **look))
    now = ratio(way, size, batch, share)
    marks.append(Points((share,), (now,), "square", 6, colour="ink"))
    return Panel(
        marks=tuple(marks),
        title=f"Time over dense, batch {batch}",
        x_label="share of the numbers kept",
        x_limits=(0.004, 0.6),
        y_limits=(0.02, 100.0),
        x_log=True,
        y_log=True,
        x_ticks=_SHARE_TICKS,
        alt="Measured time over that of a dense product, against the share",
    )
