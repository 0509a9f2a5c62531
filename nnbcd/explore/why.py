"""A calculator: what one dense layer stores and multiplies, compressed.

The measurements of the chapter stand in ``why.json``, written by
``python -m nnbcd.explore.why`` (:mod:`nnbcd.explore.why_measured`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod

from nnbcd.explore.controls import Choice, Number, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Bars, Box, Line, Mark, Points, Rule
from nnbcd.explore.picture import Panel, Picture
from nnbcd.structures import LowRank, Sparse, Structure, TensorTrain

__all__ = ["Cost", "cost", "why_explorer"]

VALUE = 4  # bytes of a float32
INDEX = 4  # bytes of an int32
LAYERS: dict[str, tuple[tuple[int, int], tuple[int, ...] | None]] = {
    "64 to 256": ((256, 64), None),
    "256 to 256": ((256, 256), None),
    "561 to 1024, the paper's modes": (
        (1024, 561),
        (6, 22, 34, 2, 2, 2, 2, 2, 2, 2),
    ),
    "1024 to 1024": ((1024, 1024), None),
}
RANKED = ("low rank", "tensor train")
FORMATS = (*RANKED, "sparse, CSR", "sparse, bit mask")
# fmt: off
RANKS = (
    1, 2, 4, 8, 16, 24, 32, 40, 48, 64, 80, 96, 112, 128, 140, 160, 192,
    256, 320, 384, 448, 512,
)
# fmt: on
ZEROS = (0, 10, 30, 50, 60, 70, 80, 90, 95, 98, 99)
GOAL_LAYER, GOAL_RANK = "1024 to 1024", 64
TOP = 300.0  # per cent of the dense layer


@dataclass(frozen=True)
class Cost:
    """What a weight (p, q) takes: numbers, bytes, and flops a sample."""

    numbers: int
    bytes: int
    flops: int

    def share(self, dense: Cost) -> tuple[float, float, float]:
        """Per cent of the dense numbers, bytes and flops."""
        return (
            100 * self.numbers / dense.numbers,
            100 * self.bytes / dense.bytes,
            100 * self.flops / dense.flops,
        )


def cost(layer: str, form: str, rank: int = 1, zeros: Number = 0) -> Cost:
    """Cost of a layer in one of the formats.

    Values are float32 and indices int32. A sparse matrix has a column
    index a value and p + 1 row pointers (CSR), or one bit an entry (bit
    mask). A train whose modes split into those of the rows and those of
    the columns is multiplied as A B; any other is rebuilt first, which is
    not counted.

    Parameters
    ----------
    layer : str
        A key of ``LAYERS``.
    form : str
        ``dense`` or one of ``FORMATS``.
    rank : int
        Cap on the rank, for the formats that have one.
    zeros : float
        Per cent of zeros, for the sparse formats.
    """
    (p, q), modes = LAYERS[layer]
    if form == "dense":
        return Cost(p * q, VALUE * p * q, 2 * p * q)
    if form in RANKED:
        structure: Structure = (
            LowRank(rank)
            if form == "low rank"
            else TensorTrain(rank, modes=modes)
        )
        numbers = structure.count((p, q))
        flops = 2 * p * q
        if form == "low rank" or modes is None:
            flops = min(flops, 2 * min(rank, p, q) * (p + q))
        return Cost(numbers, VALUE * numbers, flops)
    kept = Sparse(zeros / 100).count((p, q))
    extra = INDEX * (kept + p + 1)
    if form == "sparse, bit mask":
        extra = ceil(p * q / 8)
    return Cost(kept, VALUE * kept + extra, 2 * kept)


def why_explorer() -> GridExplorer:
    """The compression calculator."""
    return GridExplorer(
        title="What one layer costs",
        goal=(
            "Store the layer 1024 to 1024 in a tenth of its bytes or less, "
            "with a rank of 64 or more."
        ),
        controls=(
            Choice("layer", "layer, inputs to outputs", tuple(LAYERS), _LAST),
            Choice("form", "how it is stored", FORMATS, "low rank"),
            Stops("rank", "rank (low rank, tensor train)", RANKS, 64),
            Stops("zeros", "zeros in per cent (sparse)", ZEROS, 90),
        ),
        draw=draw,
        legend=(
            "Values take 4 bytes, indices too. Shaded: larger than dense. "
            "Of the two sliders, the one that the format reads counts."
        ),
    )


_LAST = list(LAYERS)[-1]


def draw(layer: str, form: str, rank: int, zeros: Number) -> Picture:
    """Bytes along the slider, and the three counts where it stands."""
    dense = cost(layer, "dense")
    here = cost(layer, form, rank, zeros)
    ranked = form in RANKED
    at = rank if ranked else zeros
    reached = (
        layer == GOAL_LAYER
        and ranked
        and rank >= GOAL_RANK
        and 10 * here.bytes <= dense.bytes
    )
    panels = (
        _curve(layer, form, at, here.share(dense)[1]),
        _bars(here.share(dense)),
    )
    return Picture(panels, _caption(layer, form, at, here), reached)


def _curve(layer: str, form: str, at: Number, now: float) -> Panel:
    ranked = form in RANKED
    dense = cost(layer, "dense")
    stops: tuple[int, ...] = RANKS if ranked else ZEROS
    shares = [cost(layer, form, k, k).share(dense)[1] for k in stops]
    left, right = (0.9, 600.0) if ranked else (-2.0, 102.0)
    marks: tuple[Mark, ...] = (
        Box(left, 100, right, TOP, colour="grey"),
        Rule(100.0, colour="ink"),
        Line(stops, shares),
        Points((at,), (now,), colour="vermillion", size=6),
    )
    ranks = (1, 4, 16, 64, 256)
    shown = (0.01, 0.1, 1, 10, 100)
    return Panel(
        marks=marks,
        title="Bytes, % of dense",
        x_label="rank" if ranked else "zeros, %",
        x_log=ranked,
        y_log=True,
        x_limits=(left, right),
        y_limits=(0.003, TOP),
        x_ticks=tuple((k, str(k)) for k in ranks) if ranked else None,
        y_ticks=tuple((y, f"{y:g}") for y in shown),
        alt="Bytes stored against rank or zeros, with a line for dense.",
    )


def _bars(shares: tuple[float, float, float]) -> Panel:
    marks: tuple[Mark, ...] = (
        Box(-0.6, 100, 2.6, TOP, colour="grey"),
        Bars((0, 1, 2), [min(s, TOP) for s in shares], width=0.6),
        Rule(100.0, colour="ink"),
    )
    return Panel(
        marks=marks,
        title="All three, % of dense",
        x_limits=(-0.6, 2.6),
        y_limits=(0, TOP),
        x_ticks=((0, "numbers"), (1, "bytes"), (2, "flops")),
        y_ticks=tuple((y, str(y)) for y in (0, 50, 100, 200, 300)),
        alt="Bars for numbers, bytes and flops, with a line for dense.",
    )


def _caption(layer: str, form: str, at: Number, here: Cost) -> str:
    (p, q), modes = LAYERS[layer]
    dense = cost(layer, "dense")
    numbers, size, flops = here.share(dense)
    if form in RANKED:
        most = min(p, q) if form == "low rank" else _full_rank(layer)
        what = f"{form}, rank {at:g}"
        if at >= most:
            what = f"{form}, rank {most}, which holds every matrix"
    else:
        what = f"{form}, {at:g} % zeros"
    rebuilt = modes is not None and form == "tensor train"
    note = " (rebuilt to multiply)" if rebuilt else ""
    verdict = " Larger than dense!" if here.bytes > dense.bytes else ""
    return (
        f"{q} to {p}, {what}: {here.numbers:,} numbers ({numbers:.1f} %), "
        f"{here.bytes / 1000:,.1f} of {dense.bytes / 1000:,.1f} kB "
        f"({size:.1f} %), {here.flops:,} flops a sample{note} "
        f"({flops:.1f} %).{verdict}"
    )


def _full_rank(layer: str) -> int:
    """Smallest cap at which the train holds every matrix."""
    shape, modes = LAYERS[layer]
    modes = TensorTrain(1, modes=modes).tensor_shape(shape)
    sides = [
        min(prod(modes[:k]), prod(modes[k:])) for k in range(1, len(modes))
    ]
    return max(sides)


if __name__ == "__main__":
    from nnbcd.explore.grid import write_table
    from nnbcd.explore.why_measured import measure

    write_table(__file__, measure())
