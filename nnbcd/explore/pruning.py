"""The explorer of the pruning block: masks, dead units, bytes.

The table beside this module holds the weights of one dense network,
64-24-16-10, trained on digits with the consistent coupling (seed 0, twenty
sweeps), the root mean square of what enters each of its layers, and the test
accuracy after every cut. ``python -m nnbcd.explore.pruning`` writes it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

import torch

from nnbcd._typing import Tensor
from nnbcd.activations import Identity, ReLU
from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Cells
from nnbcd.explore.picture import Panel, Picture
from nnbcd.sparsity import effective_masks, keep_largest

__all__ = ["SPARSITIES", "bytes_csr", "draw", "masks", "pruning_explorer"]

SPARSITIES = (
    *(0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9),
    *(0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99),
)
SCORES = ("largest weights", "largest salience")
SHARES = ("each layer alike", "all layers together")
VALUES = ("as they were", "fitted again")
ACTIVATIONS = (ReLU(), ReLU(), Identity())
WANTED, ACCURACY = 0.8, 0.88  # the goal: effective sparsity and accuracy
NUMBER = 4  # bytes of a float32, and of an index


def masks(
    weights: Sequence[Tensor],
    inputs: Sequence[Tensor],
    sparsity: float,
    score: str,
    share: str,
) -> list[Tensor]:
    """Kept entries of every weight.

    Parameters
    ----------
    weights : sequence of Tensor
        W_i, shape (d_i, d_{i-1}).
    inputs : sequence of Tensor
        Root mean square of each input of the layer, shape (d_{i-1},).
    sparsity : float
        Share of entries to cut, in [0, 1).
    score, share : str
        One of ``SCORES`` and of ``SHARES``.
    """
    scores = [
        w.abs() if score == SCORES[0] else w.abs() * size
        for w, size in zip(weights, inputs, strict=True)
    ]
    if share == SHARES[0]:
        return [
            keep_largest(s, max(1, round((1 - sparsity) * s.numel())))
            for s in scores
        ]
    joint = torch.cat([s.reshape(-1) for s in scores])
    kept = keep_largest(joint, round((1 - sparsity) * joint.numel()))
    parts = torch.split(kept, [s.numel() for s in scores])
    return [m.reshape(s.shape) for m, s in zip(parts, scores, strict=True)]


def bytes_csr(mask: Tensor) -> int:
    """Bytes of the kept entries by rows: values, columns, row starts.

    Parameters
    ----------
    mask : bool Tensor
        Shape (d_out, d_in).
    """
    return NUMBER * (2 * int(mask.sum()) + mask.shape[0] + 1)


def draw(sparsity: float, score: str, share: str, values: str) -> Picture:
    """The three masks for one setting, dead entries lighter.

    Parameters
    ----------
    sparsity : float
        One of ``SPARSITIES``.
    score, share, values : str
        One of ``SCORES``, of ``SHARES`` and of ``VALUES``.
    """
    kept = masks(*_network(), sparsity, score, share)
    alive = effective_masks(
        kept, [torch.zeros(len(m)) for m in kept], ACTIVATIONS
    )
    total = sum(m.numel() for m in kept)
    nominal, effective = (
        1 - sum(int(m.sum()) for m in group) / total
        for group in (kept, alive)
    )
    key = f"{score} | {share} | {values}"
    accuracy = _table()["accuracy"][key][SPARSITIES.index(sparsity)]
    dead = sum(int((~m.any(1)).sum()) for m in alive[:-1])
    stored = sum(bytes_csr(m) for m in alive)
    caption = (
        f"Zeros: {nominal:.1%} nominal, {effective:.1%} effective; {dead} of "
        f"{sum(len(m) for m in alive[:-1])} hidden units are dead. Stored by "
        f"rows: {stored:,} bytes, dense {NUMBER * total:,}. Right on "
        f"{accuracy:.1%} of the test rows."
    )
    panels = tuple(
        _panel(i, mask, live)
        for i, (mask, live) in enumerate(zip(kept, alive, strict=True), 1)
    )
    reached = effective >= WANTED and accuracy >= ACCURACY
    return Picture(panels, caption, reached)


def pruning_explorer() -> GridExplorer:
    """Explorer of masks on a trained network and of what they leave alive.

    Choose how much to cut, by which score, where, and whether the values
    that stay are fitted again.
    """
    return GridExplorer(
        title="Cutting a trained network",
        goal=(
            "Reach an effective sparsity of 80 % with at least 88 % of the "
            "test rows right."
        ),
        legend=(
            "Rows are units, columns their inputs. Dark: kept. Middle: kept "
            "in name, but a dead unit reads or emits it. Light: cut. "
            "Salience: the size of the weight times the root mean square of "
            "its input."
        ),
        controls=(
            Stops("sparsity", "sparsity, share of zeros", SPARSITIES, 0.5),
            Choice("score", "what is kept", SCORES, SCORES[0]),
            Choice("share", "where to cut", SHARES, SHARES[0]),
            Choice("values", "values kept", VALUES, VALUES[0]),
        ),
        draw=draw,
        play="sparsity",
    )


def _panel(i: int, mask: Tensor, live: Tensor) -> Panel:
    shade = 0.45 * mask.double() + 0.55 * live.double()
    rows, columns = mask.shape
    return Panel(
        marks=(Cells(shade.tolist(), 0, 1),),
        title=f"W{chr(0x2080 + i)}, {rows} \u00d7 {columns}",
        x_label="input",
        y_label="unit",
        alt=f"Mask of weight {i}: rows are units, columns are inputs",
    )


@cache
def _table() -> Any:
    return read_table(__file__)


@cache
def _network() -> tuple[list[Tensor], list[Tensor]]:
    """Weights and root mean squares of the inputs, from the table."""
    table = _table()
    weights = [torch.tensor(w, dtype=torch.float64) for w in table["W"]]
    inputs = [torch.tensor(v, dtype=torch.float64) for v in table["inputs"]]
    return weights, inputs


def compute() -> dict[str, Any]:
    """Train, cut and refit: the table of this module."""
    from nnbcd import Dense, Network, Solver, datasets, support
    from nnbcd.quadratic import from_regression
    from nnbcd.structures import StructuredMatrix

    data = datasets.digits()
    network = Network(64, [Dense(24), Dense(16), Dense(10)])
    solver = Solver(coupling="consistent", sweeps=20)
    state = solver.fit(network, data.x_train, data.y_train, seed=0).state
    x = torch.from_numpy(data.x_train)
    biases = [b for b in state.b if b is not None]
    # Rounded first, so that the page cuts what was cut here.
    weights = [(w * 1e4).round() / 1e4 for w in state.W]
    features = [x, *state.V[:-1]]
    inputs = [
        (v.square().mean(0).sqrt() * 1e4).round() / 1e4 for v in features
    ]

    def refitted(kept: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Layer by layer, to what the dense layer put out."""
        v, new, shifts = x, [], []
        for w, b, m, u, sigma in zip(
            weights, biases, kept, state.U, ACTIVATIONS, strict=True
        ):
            rows = torch.cat([v, v.new_ones(len(v), 1)], dim=1)
            start = StructuredMatrix(w * m, mask=m)
            gap = u - v @ start.dense.mT - b
            gram = rows.mT @ rows
            floor = 1e-6 * gram.diagonal().mean()
            q, step = from_regression(
                start.dense, gap.mT @ rows, gram, floor.expand(len(gram))
            )
            assert step is not None
            new.append(support.fit_values(q, start).dense)
            shifts.append(b + step(new[-1] - start.dense))
            v = sigma(v @ new[-1].mT + shifts[-1])
        return new, shifts

    def accuracy(ws: Sequence[Tensor], bs: Sequence[Tensor]) -> float:
        v = torch.from_numpy(data.x_test)
        for w, b, sigma in zip(ws, bs, ACTIVATIONS, strict=True):
            v = sigma(v @ w.mT + b)
        right = v.argmax(1) == torch.from_numpy(data.y_test)
        return round(float(right.double().mean()), 4)

    found: dict[str, list[float]] = {}
    for score, share in product(SCORES, SHARES):
        plain, again = (
            found.setdefault(f"{score} | {share} | {values}", [])
            for values in VALUES
        )
        for sparsity in SPARSITIES:
            kept = masks(weights, inputs, sparsity, score, share)
            cut = [w * m for w, m in zip(weights, kept, strict=True)]
            plain.append(accuracy(cut, biases))
            again.append(accuracy(*refitted(kept)))
    return {
        "W": [w.tolist() for w in weights],
        "inputs": [v.tolist() for v in inputs],
        "accuracy": found,
        "run": "digits, 64-24-16-10, consistent, 20 sweeps, seed 0",
    }


if __name__ == "__main__":
    write_table(__file__, compute())
