"""Two records of one run, block by block: the explorer of chapter 16.

The table beside this module holds, for four ways to treat a compressed weight
and five weights gamma, what every block does to both records.
``python -m nnbcd.explore.paper_code`` writes it again, in a minute.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from nnbcd.explore.controls import Choice, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Bars
from nnbcd.explore.picture import Panel, Picture, Tick
from nnbcd.explore.two_records import KINDS, trace

__all__ = ["compute", "paper_code_explorer"]

GAMMAS = (0.1, 0.5, 1.0, 2.0, 5.0)
SWEEPS = (1, 2, 3, 5, 8, 12, 20, 30)
ROUNDING = 1e-10
Row = list[Any]


@cache
def _table() -> Any:
    return read_table(__file__)


def _rises(rows: list[Row], record: int) -> list[str]:
    return [r[0] for r in rows if r[record] > ROUNDING]


def _bars(rows: list[Row], record: int) -> tuple[Bars, ...]:
    down = [(k, -r[record]) for k, r in enumerate(rows, 1) if r[record] <= 0]
    up = [(k, r[record]) for k, r in enumerate(rows, 1) if r[record] > 0]
    falls = Bars(
        [k for k, _ in down],
        [x for _, x in down],
        colour="sky",
        label="fall",
    )
    rises = Bars(
        [k for k, _ in up],
        [x for _, x in up],
        colour="vermillion",
        label="rise",
    )
    return (falls, rises) if up else (falls,)


def draw(kind: str, gamma: float, sweep: int) -> Picture:
    """What every block of a sweep does to both records.

    Parameters
    ----------
    kind : str
        A key of ``KINDS``.
    gamma : float
        One of ``GAMMAS``.
    sweep : int
        One of ``SWEEPS``.
    """
    run = _table()[f"{kind}, {gamma:g}"]
    rows, total = run[str(sweep)], run["rises"]
    ticks: tuple[Tick, ...] = tuple((k, r[0]) for k, r in enumerate(rows, 1))
    panels = tuple(
        Panel(
            marks=_bars(rows, record),
            title=title,
            x_limits=(0.4, len(rows) + 0.6),
            x_ticks=ticks,
            y_label="relative change",
            y_log=True,
            y_limits=(1e-8, 10),
            alt="A bar for each block of the sweep.",
        )
        for record, title in ((1, "What descends"), (2, "What is printed"))
    )
    said = [
        f"{title} rises at {', '.join(_rises(rows, record)) or 'no block'}"
        for record, title in ((1, "what descends"), (2, "what is printed"))
    ]
    caption = (
        f"Sweep {sweep}: {said[0]}, {said[1]}. In all 30 sweeps, 330 "
        f"blocks: {total[0]} and {total[1]} rises."
    )
    return Picture(panels, caption, total == [0, 0])


def paper_code_explorer() -> GridExplorer:
    """Undo the departures until both records only fall.

    Returns
    -------
    GridExplorer
    """
    return GridExplorer(
        title="Two records of one run",
        goal=(
            "Find a setting in which no block of any sweep raises either "
            "record."
        ),
        legend=(
            "300 digits, 64-48-48-10, layers 1 and 2 as chosen, layer 3 "
            "free. rho = gamma, tau = alpha = 1, seed 0. V3 is the V block "
            "of layer 3."
        ),
        controls=(
            Choice("kind", "weights", tuple(KINDS), "train, TT-SVD"),
            Stops("gamma", "gamma", GAMMAS, 0.5),
            Stops("sweep", "sweep", SWEEPS, 5),
        ),
        draw=draw,
        play="sweep",
    )


def compute() -> dict[str, dict[str, list[Any]]]:
    """Relative changes by block, and the rises of all 30 sweeps."""
    out: dict[str, dict[str, list[Any]]] = {}
    for kind in KINDS:
        for gamma in GAMMAS:
            points = trace(kind, gamma, SWEEPS[-1])
            rows: list[Row] = [
                [name, phi / p - 1, told / t - 1]
                for (_, p, t), (name, phi, told) in zip(
                    points, points[1:], strict=False
                )
            ]
            size = len(rows) // SWEEPS[-1]
            run: dict[str, list[Any]] = {
                str(k): rows[size * (k - 1) : size * k] for k in SWEEPS
            }
            run["rises"] = [len(_rises(rows, record)) for record in (1, 2)]
            out[f"{kind}, {gamma:g}"] = run
    return out


if __name__ == "__main__":
    write_table(__file__, compute())
