"""A recorded run, block by block: who lowers the objective, by how much."""

from __future__ import annotations

from typing import Any

from nnbcd import (
    Dense,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
    datasets,
)
from nnbcd.explore.controls import Choice, Slider, Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Bars, Rule
from nnbcd.explore.picture import Panel, Picture, Tick

__all__ = ["record", "sweep_explorer"]

SWEEPS = (1, 2, 3, 5, 8, 12, 20, 30)
G_STEPS = ("guarded", "svd")
ALPHAS = (0.1, 1.0)
Row = list[Any]


def record(g_step: str, alpha: float) -> dict[str, list[Row]]:
    """Train on 300 digits and write down the sweeps of ``SWEEPS``.

    Parameters
    ----------
    g_step : str
        ``guarded`` or ``svd``.
    alpha : float
        Proximal weight, positive.

    Returns
    -------
    dict
        Sweep to its blocks, each [name, Phi before, fall of Phi,
        guaranteed fall, length of the step].
    """
    data = datasets.digits()
    layers = [
        Dense(64, structure=TensorTrain(3)),
        Dense(32, structure=Sparse(0.8)),
        Dense(10),
    ]
    solver = Solver(
        Penalties(gamma=0.5, rho=0.5, tau=1.0, alpha=alpha),
        coupling="penalty",
        g_step=g_step,
        scale=0.3,
        certify=False,
    )
    net = Network((64,), layers)
    problem = solver.problem(net, data.x_train[:300], data.y_train[:300])
    state = solver.init(problem, seed=0)
    out: dict[str, list[Row]] = {}
    for number in range(1, max(SWEEPS) + 1):
        rows: list[Row] = []
        for after, row in solver.blocks(problem, state, number):
            state = after
            name = f"{row.block}{row.layer}"
            numbers = (row.objective_before, row.decrease, row.guaranteed)
            rows.append([name, *numbers, row.step_norm])
        if number in SWEEPS:
            out[str(number)] = rows
    return out


def _falls(rows: list[Row], *, log: bool) -> tuple[Bars, ...]:
    """Guaranteed fall, fall beyond it, rise: from Phi down, or from 0 up."""
    down = [(k, r) for k, r in enumerate(rows, 1) if r[2] >= 0]
    up = [(k, r) for k, r in enumerate(rows, 1) if r[2] < 0]
    paid = [min(r[3], r[2]) for _, r in down]
    more = [r[2] - p for (_, r), p in zip(down, paid, strict=True)]
    sign = 1.0 if log else -1.0
    starts = [0.0 if log else r[1] for _, r in down]
    marks = (
        Bars(
            [k for k, _ in down],
            [sign * p for p in paid],
            starts,
            colour="green",
            label="guaranteed fall",
        ),
        Bars(
            [k for k, _ in down],
            [sign * m for m in more],
            [s + sign * p for s, p in zip(starts, paid, strict=True)],
            colour="sky",
            label="fall beyond it",
        ),
        Bars(
            [k for k, _ in up],
            [-r[2] for _, r in up],
            [0.0 if log else r[1] for _, r in up],
            colour="vermillion",
            label="rise",
        ),
    )
    return marks if up else marks[:2]


def draw(g_step: str, alpha: float, sweep: int, block: int) -> Picture:
    """The waterfall of a sweep up to a block, and its falls side by side."""
    rows = _TABLE[f"{g_step}, {alpha:g}"][str(sweep)]
    seen = rows[:block]
    now = seen[-1]
    end = rows[-1][1] - rows[-1][2]
    room = 0.06 * (rows[0][1] - end)
    ticks: tuple[Tick, ...] = tuple((k, r[0]) for k, r in enumerate(rows, 1))
    span = (0.4, len(rows) + 0.6)
    left = Panel(
        marks=(
            *_falls(seen, log=False),
            Rule(now[1] - now[2], colour="ink", dash="dotted"),
        ),
        title=f"Objective in sweep {sweep}",
        x_limits=span,
        y_limits=(end - room, rows[0][1] + room),
        x_ticks=ticks,
        alt="Bars that hang from the value before each block.",
    )
    right = Panel(
        marks=_falls(seen, log=True),
        title="Change by each block, log scale",
        x_limits=span,
        y_limits=(1e-6, 1e3),
        y_log=True,
        x_ticks=ticks,
        alt="A bar for each block.",
    )
    said = (
        f"Sweep {sweep}, block {block} of {len(rows)}: {now[0]} takes a step "
        f"of length {now[4]:.2g} and the objective "
    )
    if now[2] < 0:
        said += f"RISES by {-now[2]:.2g}, to {now[1] - now[2]:.5g}."
    else:
        said += (
            f"falls by {now[2]:.2g}, to {now[1] - now[2]:.5g}; guaranteed "
            f"was a fall of {now[3]:.2g}."
        )
    return Picture((left, right), said, now[2] < 0)


_TABLE: dict[str, dict[str, list[Row]]] = read_table(__file__)


def sweep_explorer() -> GridExplorer:
    """Step through a sweep and watch who pays.

    Returns
    -------
    GridExplorer
    """
    return GridExplorer(
        title="A sweep, block by block",
        goal="Step to a block that raises the objective.",
        legend=(
            "300 digits, 64-64-32-10: layer 1 a tensor train of rank 3, "
            "layer 2 with 80 % zeros, layer 3 free. gamma = rho = 0.5, "
            "tau = 1, seed 0."
        ),
        controls=(
            Slider("block", "block, of the sweep", 1, 11, 1, 4),
            Stops("sweep", "sweep", SWEEPS, 1),
            Stops("alpha", "alpha, proximal weight", ALPHAS, 1.0),
            Choice("g_step", "G step of the train", G_STEPS, "guarded"),
        ),
        draw=draw,
        play="block",
    )


if __name__ == "__main__":
    write_table(
        __file__,
        {f"{g}, {a:g}": record(g, a) for g in G_STEPS for a in ALPHAS},
    )
