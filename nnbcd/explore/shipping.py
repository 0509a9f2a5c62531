"""The explorer of shipping: bytes, flops and measured time beside dense.

The table beside this module holds latencies that were measured once, in
single precision on one thread: square weights of three sizes, three batch
sizes, six ways to multiply, each with a dense product in turns.
``python -m nnbcd.explore.shipping`` measures again.
"""

from __future__ import annotations

from functools import cache, partial
from math import exp, log
from statistics import median
from typing import Any

from nnbcd.deploy.coding import index_bytes
from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Line, Points, Rule
from nnbcd.explore.picture import Panel, Picture, Tick

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

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
SIZES = (256, 512, 1024)
BATCHES = (1, 16, 256)
WAYS = (
    "sparse, by rows",
    "sparse, masked",
    "low rank",
    "train, by cores",
    "train, by factors",
    "train, rebuilt",
)
NUMBER = 4  # bytes
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


def stored(way: str, size: int, share: float) -> tuple[int, int]:
    """Numbers kept of a square weight, and bytes with the indices.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size : int
        Rows, and columns.
    share : float
        Of the size * size numbers that is kept: at most it, where the
        smallest member of the format is not larger.
    """
    if way.startswith("sparse"):
        kept = round(share * size * size)
        places = min(index_bytes(kept, size, size).values())
        return kept, NUMBER * kept + places
    kept = _structure(way, size, share).count((size, size))
    return kept, NUMBER * kept


def ratio(way: str, size: int, batch: int, share: float) -> float:
    """Measured time over that of a dense product: below one is faster.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size, batch : int
        Of ``SIZES`` and of ``BATCHES``.
    share : float
        One of ``SHARES``.
    """
    row = _table()["ratio"][f"{way} | {size} | {batch}"]
    return float(row[SHARES.index(share)])


def break_even(way: str, size: int, batch: int) -> float:
    """Largest share up to which it was no slower than dense, 0 for none.

    Between two measured shares the ratio is taken to be a power of the
    share.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size, batch : int
        Of ``SIZES`` and of ``BATCHES``.
    """
    ratios = [ratio(way, size, batch, share) for share in SHARES]
    best = 0.0
    for k, (share, now) in enumerate(zip(SHARES, ratios, strict=True)):
        if now > 1:
            if k:
                before, last = log(ratios[k - 1]), log(SHARES[k - 1])
                part = -before / (log(now) - before)
                best = exp(last + part * (log(share) - last))
            break
        best = share
    return best


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
            f"Measured once, on {_table()['machine']}, one thread, single "
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


@cache
def _table() -> Any:
    return read_table(__file__)


@cache
def _structure(way: str, size: int, share: float) -> Any:
    from nnbcd import LowRank, Sparse, TensorTrain

    kinds = {"sparse": Sparse(0.5), "low rank": LowRank(1)}
    kind = kinds.get(way.split(",")[0], TensorTrain(1))
    return kind.sized((size, size), share * size * size)


def compute() -> dict[str, Any]:
    """Measure every way, size, batch and share: the table of this module."""
    import torch
    from torch.nn import functional

    from nnbcd.deploy import (
        Choices,
        MaskedLinear,
        SparseLinear,
        linear_layer,
        measure,
    )
    from nnbcd.experiments.environment import device_name
    from nnbcd.sparsity import keep_largest
    from nnbcd.tensor_train import TTCores, feasible_ranks

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)

    def layer(way: str, size: int, share: float) -> Any:
        if way.startswith("sparse"):
            w = torch.randn(size, size, generator=generator)
            mask = keep_largest(w, round(share * size * size))
            kind = SparseLinear if way == WAYS[0] else MaskedLinear
            return kind(w * mask, mask=mask)
        structure = _structure(way, size, share)
        modes = structure.tensor_shape((size, size))
        ranks = (1, *feasible_ranks(modes, structure.rank), 1)
        cores = tuple(
            torch.randn(r, n, s, generator=generator)
            for r, n, s in zip(ranks, modes, ranks[1:], strict=False)
        )
        member = structure.from_cores(TTCores(cores), (size, size))
        products = ("contract", "factors", "rebuild")
        product = products[max(0, WAYS.index(way) - 3)]
        return linear_layer(member, None, structure, Choices(train=product))

    found: dict[str, list[float]] = {}
    for size in SIZES:
        w = torch.randn(size, size, generator=generator)
        for batch in BATCHES:
            x = torch.randn(batch, size, generator=generator)
            for way in WAYS:
                row = []
                for share in SHARES:
                    here = layer(way, size, share)
                    calls = partial(here, x), partial(functional.linear, x, w)
                    pairs = [measure(calls, repeats=5) for _ in range(7)]
                    row.append(median(a / b for a, b in pairs))
                found[f"{way} | {size} | {batch}"] = row
                print(size, batch, way, [round(r, 2) for r in row])
    return {
        "machine": device_name("cpu"),
        "torch": torch.__version__,
        "ratio": found,
    }


if __name__ == "__main__":
    write_table(__file__, compute(), digits=3)
