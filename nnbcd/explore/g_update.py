"""The explorer of the G update: a trained weight as a tensor train.

The table beside this module holds the errors of trains fitted to the weights
of one network, 64-256-256-10, trained on digits with the consistent coupling:
seed 0, fifteen sweeps, all rows in one chunk, initial weights times 0.05.
``python -m nnbcd.explore.g_update`` writes it again, in about a minute.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import accumulate
from math import prod
from operator import mul
from typing import Any

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Bars, Box, Line, Mark, Points, Rule
from nnbcd.explore.picture import Panel, Picture
from nnbcd.structures import TensorTrain
from nnbcd.tensor_train import feasible_ranks, parameter_count

__all__ = ["ALIGNED", "LAYERS", "MODES", "RANKS", "draw", "g_update_explorer"]

LAYERS = {
    "W\u2081, 256 \u00d7 64": (256, 64),
    "W\u2082, 256 \u00d7 256": (256, 256),
}
RANKS = (1, 2, 4, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128)
FITS = {"TT-SVD": 0, "TT-SVD, then 20 ALS passes": 20}
SHARE, ERROR = 0.2, 0.25  # the goal: numbers and error stay below


def _modes(columns: int) -> dict[str, TensorTrain]:
    """The mode choices for a weight of 256 rows, by name."""
    wide = columns == 256
    sixteens = (16, 16, 16, 16) if wide else (16, 16, 8, 8)
    across = (8, 8, 16, 8, 8) if wide else (8, 8, 8, 8, 4)
    pairs = ((4, 4),) * 4 if wide else ((4, 2),) * 2 + ((4, 4),) * 2
    return {
        "two modes, low rank": TensorTrain(1, modes=(256, columns)),
        "four modes": TensorTrain(1, modes=sixteens),
        "fours": TensorTrain(1, modes=(4,) * (8 if wide else 7)),
        "twos": TensorTrain(1, modes=(2,) * (16 if wide else 14)),
        "across rows and columns": TensorTrain(1, modes=across),
        "pairs of a row and a column part": TensorTrain(1, pairs=pairs),
    }


MODES = {name: _modes(shape[1]) for name, shape in LAYERS.items()}
ALIGNED = 256  # rows: a bond after modes that multiply to it


def draw(layer: str, modes: str, rank: int, fit: str) -> Picture:
    """The train for one setting: its cores, its bonds, its error.

    Parameters
    ----------
    layer, modes, fit : str
        Keys of ``LAYERS``, of ``MODES[layer]`` and of ``FITS``.
    rank : int
        Cap on every bond, one of ``RANKS``.
    """
    shape, train = LAYERS[layer], MODES[layer][modes]
    sizes = train.tensor_shape(shape)
    stored, dense = parameter_count(sizes, rank), prod(shape)
    found = _table()["trains"][f"{layer} | {modes} | {fit}"]
    at = RANKS.index(rank)
    error, accuracy = found["error"][at], found["accuracy"][at]
    words = " \u00b7 ".join(map(str, sizes))
    if train.pairs is not None:
        words = " ".join(f"({i} \u00b7 {j})" for i, j in train.pairs)
    caption = (
        f"{layer} as {words}, ranks at most {rank}: {stored:,} of {dense:,} "
        f"numbers, {stored / dense:.1%}. Relative error {error:.3f}. With "
        f"this train in place the network is right on {accuracy:.1%} of the "
        f"test rows; with the dense weight, on {_table()['accuracy']:.1%}."
    )
    return Picture(
        (
            _cores(train, sizes, rank),
            _bonds(sizes, rank),
            _errors(layer, modes, fit, rank, error),
        ),
        caption,
        reached=shape[1] == 256 and stored < SHARE * dense and error < ERROR,
    )


def g_update_explorer() -> GridExplorer:
    """Explorer of tensor trains fitted to trained weights.

    Choose how the weight is reshaped and how long the bonds may be; read
    off the numbers stored and the error of TT-SVD, or of ALS after it.
    """
    layers, names = tuple(LAYERS), tuple(MODES[next(iter(LAYERS))])
    return GridExplorer(
        title="A trained weight as a tensor train",
        goal=(
            "Bring the relative error of W\u2082 below 0.25 with less than a "
            "fifth of its numbers, 13,107."
        ),
        legend=(
            "Numbers in each core: the upright line is the bond between rows "
            "and columns, where there is one. Relative error: each line is a "
            "choice of modes at all ranks, yours thick and blue; shaded is "
            "the goal for W\u2082."
        ),
        controls=(
            Choice("layer", "weight", layers, layers[1]),
            Choice("modes", "modes", names, "fours"),
            Stops("rank", "rank, cap on every bond", RANKS, 24),
            Choice("fit", "fit", tuple(FITS), "TT-SVD"),
        ),
        draw=draw,
        play="rank",
    )


@cache
def _table() -> Any:
    return read_table(__file__)


def _cores(train: TensorTrain, sizes: tuple[int, ...], rank: int) -> Panel:
    ranks = (1, *feasible_ranks(sizes, rank), 1)
    numbers = [
        r * n * s for r, n, s in zip(ranks, sizes, ranks[1:], strict=False)
    ]
    places = list(range(1, len(sizes) + 1))
    marks: tuple[Mark, ...] = (Bars(places, numbers),)
    products = list(accumulate(sizes, mul))
    if train.pairs is None and ALIGNED in products:
        bond = products.index(ALIGNED) + 1.5
        marks += (Rule(bond, "vertical", "dashed", colour="ink"),)
    step = 1 if len(sizes) <= 8 else 3
    return Panel(
        marks=marks,
        title="Numbers in each core",
        x_label="core, of mode size n",
        x_limits=(0.2, len(sizes) + 0.8),
        x_ticks=tuple(
            (k, f"n={sizes[k - 1]}" if len(sizes) <= 2 else str(sizes[k - 1]))
            for k in places[::step]
        ),
        y_log=True,
        y_limits=(1, 1e5),
    )


def _bonds(sizes: tuple[int, ...], rank: int) -> Panel:
    places = list(range(1, len(sizes)))
    return Panel(
        marks=(
            Line(
                places,
                feasible_ranks(sizes, None),
                colour="grey",
                dash="dashed",
                label="largest there can be",
            ),
            Rule(rank, colour="vermillion", dash="dotted", label="cap"),
            Line(places, feasible_ranks(sizes, rank)),
            Points(places, feasible_ranks(sizes, rank), label="rank"),
        ),
        title="Rank of each bond",
        x_label="bond",
        x_limits=(0.5, len(sizes) - 0.5),
        x_ticks=tuple((k, str(k)) for k in places[:: 1 + len(places) // 8]),
        y_log=True,
        y_limits=(0.8, 700),
    )


def _errors(
    layer: str, modes: str, fit: str, rank: int, error: float
) -> Panel:
    shape = LAYERS[layer]
    marks: list[Mark] = []
    if shape[1] == 256:
        marks.append(Box(30, 0, SHARE * prod(shape), ERROR, colour="green"))
    for name, train in MODES[layer].items():
        sizes = train.tensor_shape(shape)
        own = name == modes
        marks.append(
            Line(
                [parameter_count(sizes, r) for r in RANKS],
                _table()["trains"][f"{layer} | {name} | {fit}"]["error"],
                colour="blue" if own else "grey",
                dash="solid",
                width=2.4 if own else 0.9,
            )
        )
    stored = parameter_count(MODES[layer][modes].tensor_shape(shape), rank)
    marks += [
        Rule(prod(shape), "vertical", "dashed", colour="ink", label="dense"),
        Points((stored,), (error,), colour="vermillion", size=5.5),
    ]
    return Panel(
        marks=tuple(marks),
        title="Relative error",
        x_label="numbers stored",
        x_log=True,
        x_limits=(20, 2e5),
        y_limits=(0, 1.05),
    )


def compute() -> dict[str, Any]:
    """Train the network and fit every train: the table of this module."""
    import torch

    from nnbcd import Dense, Network, Solver, datasets, tensor_train
    from nnbcd.couplings import Consistent

    data = datasets.digits()
    network = Network(64, [Dense(256), Dense(256), Dense(10)])
    coupling = Consistent(chunk_rows=len(data.x_train))
    solver = Solver(coupling=coupling, scale=0.05, sweeps=15)
    result = solver.fit(network, data.x_train, data.y_train, seed=0)

    def accuracy(i: int, w: torch.Tensor) -> float:
        other = replace(result, state=result.state.put(i, w=w))
        return round(other.accuracy(data.x_test, data.y_test), 4)

    trains: dict[str, dict[str, list[float]]] = {}
    for i, (layer, shape) in enumerate(LAYERS.items()):
        for name, train in MODES[layer].items():
            target = train.to_tensor(result.state.W[i])
            for fit, passes in FITS.items():
                row = trains[f"{layer} | {name} | {fit}"] = {
                    "error": [],
                    "accuracy": [],
                }
                for rank in RANKS:
                    tt = tensor_train.svd(target, max_rank=rank)
                    for _ in range(passes):
                        tt, _ = tensor_train.als(target, tt)
                    gap = torch.linalg.vector_norm(tt.to_dense() - target)
                    error = float(gap / torch.linalg.vector_norm(target))
                    dense = train.to_matrix(tt.to_dense(), shape)
                    row["error"].append(round(error, 4))
                    row["accuracy"].append(accuracy(i, dense))
    return {
        "accuracy": accuracy(0, result.state.W[0]),
        "run": "digits, 64-256-256-10, consistent, one chunk, scale 0.05, "
        "15 sweeps, seed 0",
        "trains": trains,
    }


if __name__ == "__main__":
    write_table(__file__, compute())
