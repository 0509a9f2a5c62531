"""The convolutional network of the paper: what modes and ranks cost."""

from __future__ import annotations

from math import prod

from nnbcd.experiments.networks import CNN_MODES
from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Bars, Line, Points, Rule, Words
from nnbcd.explore.picture import Panel, Picture
from nnbcd.tensor_train import feasible_ranks, parameter_count

__all__ = ["CHOICES", "draw", "mnist_cnn_explorer", "split_at"]

SHAPES = ((1024, 5408), (1024, 1024))  # W2 and W3, as (d_out, d_in)
CHOICES: dict[str, tuple[tuple[int, ...], ...]] = {
    "the paper's": CNN_MODES,
    "rows, then columns": ((4,) * 5 + (4, 4, 2, 13, 13), (4,) * 10),
    "few long modes": ((32, 32, 26, 26, 8), (32, 32, 32, 32)),
    "two: low rank": (SHAPES[0], SHAPES[1]),
}
RANKS = (5, 10, 20, 40, 80, 140, 220, 320)
CONV, LAST = 32 * 9, 1024 * 10  # free weights
SHARE, FULL = 0.04, 80  # the goal


def split_at(modes: tuple[int, ...], rows: int) -> int | None:
    """The bond between rows and columns, or None.

    Parameters
    ----------
    modes : tuple of int
        Of the row-major matrix.
    rows : int
        Of the matrix.
    """
    for k in range(1, len(modes)):
        if prod(modes[:k]) == rows:
            return k
    return None


def draw(choice: str, rank: int) -> Picture:
    """Sizes of the four weights, and the ranks along both trains.

    Parameters
    ----------
    choice : str
        A key of ``CHOICES``.
    rank : int
        One of ``RANKS``: the cap.
    """
    trains = CHOICES[choice]
    sizes = [parameter_count(modes, rank) for modes in trains]
    dense = [prod(shape) for shape in SHAPES]
    stored = [CONV, *sizes, LAST]
    share = sum(stored) / (CONV + sum(dense) + LAST)
    split = split_at(trains[0], SHAPES[0][0])
    bars = Panel(
        marks=(
            Bars((1, 4), (CONV, LAST), colour="grey", label="free"),
            Bars((2, 3), tuple(sizes), colour="blue", label="train"),
            Points(
                (2, 3),
                tuple(dense),
                colour="vermillion",
                marker="cross",
                label="dense",
            ),
        ),
        title="Numbers stored",
        x_limits=(0.4, 4.6),
        x_ticks=tuple((k, f"W{chr(0x2080 + k)}") for k in (1, 2, 3, 4)),
        y_log=True,
        y_limits=(100, 3e7),
        alt="A bar for each weight, a cross where it would be dense",
    )
    panels = [bars]
    for number, modes, shape in zip((2, 3), trains, SHAPES, strict=True):
        ranks = feasible_ranks(modes, rank)
        at = list(range(1, len(modes)))
        bond = split_at(modes, shape[0])
        marks: list[Line | Points | Rule | Words] = [
            Line(at, list(ranks), colour="blue"),
            Points(at, list(ranks), colour="blue", label="rank"),
        ]
        if bond is not None:
            marks.append(
                Rule(
                    bond,
                    direction="vertical",
                    colour="vermillion",
                    label="rows | columns",
                )
            )
        panels.append(
            Panel(
                marks=tuple(marks),
                title=f"Bonds of W{chr(0x2080 + number)}",
                x_label="bond",
                y_label="rank",
                x_limits=(0.5, 9.5),
                y_log=True,
                y_limits=(1, 1000),
                alt="Rank at every bond",
            )
        )
    where = (
        "no bond of W\u2082 lies between rows and columns"
        if split is None
        else f"bond {split} of W\u2082 lies between rows and columns, so its "
        f"rank is at most {feasible_ranks(trains[0], rank)[split - 1]}"
    )
    caption = (
        f"Stored: {sum(stored):,} of {CONV + sum(dense) + LAST:,} weights, "
        f"{share:.1%}; {where}."
    )
    reached = (
        share < SHARE
        and split is not None
        and feasible_ranks(trains[0], rank)[split - 1] >= FULL
    )
    return Picture(tuple(panels), caption, reached)


def mnist_cnn_explorer() -> GridExplorer:
    """Explorer of modes and ranks for the network on MNIST.

    Choose how the weights become tensors, and the cap on the ranks.
    """
    return GridExplorer(
        title="Two trains for MNIST",
        goal=(
            "Store less than 4 % of the weights in a network whose W\u2082, "
            "split between rows and columns, has rank 80 or more."
        ),
        legend=(
            "W\u2081 is the convolution, W\u2084 the last layer; both are "
            "free. A network is split into two thin products at the red line."
        ),
        controls=(
            Choice("choice", "modes", tuple(CHOICES), "the paper's"),
            Stops("rank", "rank, the cap", RANKS, 40),
        ),
        draw=draw,
        play="rank",
    )
