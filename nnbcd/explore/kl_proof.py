"""Explorer of the chapter on the proof: a line, a sweep, both its sides.

``python -m nnbcd.explore.kl_proof`` repeats the recorded runs.
"""

from __future__ import annotations

from functools import cache
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from nnbcd.explore.controls import Choice, Slider
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Bars, Line, Rule
from nnbcd.explore.picture import Panel, Picture
from nnbcd.explore.proof_runs import RUNS, runs
from nnbcd.explore.recorded import Numbers, Recorded

if TYPE_CHECKING:
    from nnbcd.history import BlockRecord

__all__ = ["draw", "kl_proof_explorer", "sides"]

Sides = dict[str, tuple[Numbers, Numbers]]

LINES = {
    "1": "line 1, budget",
    "6": "line 6, fall of a block",
    "8": "lines 7, 8, slope in V",
    "10": "lines 9, 10, slope in U",
    "11": "line 11, slope in W",
    "13": "lines 12, 13, slope in G",
    "14": "line 14, whole slope",
    "15": "line 15, least slope",
}
SWEEPS = 24
ROUNDING = 1e-9  # relative: what counts as rounding


def sides(run: Recorded) -> Sides:
    """Left and right side of every line, by sweep.

    Parameters
    ----------
    run : Recorded
        With the penalty coupling; sparse, low-rank, free layers or trains.
    """
    steps, phi = run.steps, run.phi
    a = min(w.alpha for w in run.problem.layers) / 2
    slopes = run.slopes()
    bounds = _bounds(run)
    out: Sides = {"1": (a * np.cumsum(steps**2), phi[0] - phi[1:])}
    # V_L and U_L, quadratics, pay exactly their promise: nothing to see.
    last = run.problem.depth
    tight = [
        min((r for r in row if r.layer < last or r.block == "W"), key=_slack)
        for row in run.rows
    ]
    out["6"] = (
        np.array([r.guaranteed for r in tight]),
        np.array([r.decrease for r in tight]),
    )
    for block, line in (("V", "8"), ("U", "10"), ("W", "11"), ("G", "13")):
        names = [name for name in slopes if name[0] == block]
        out[line] = (_length(slopes, names), _length(bounds, names))
    total = _length(slopes, list(slopes))
    # b_k s_k, with b_k from the right sides of lines 7 to 13
    b_steps = _length(bounds, list(bounds))
    out["14"] = (total, b_steps)
    b = float((b_steps / steps).max())
    count = np.arange(1.0, len(steps) + 1)
    least = np.minimum.accumulate(total**2)
    out["15"] = (count * least, b**2 / a * (phi[0] - phi[1:]))
    return out


def _slack(row: BlockRecord) -> float:
    return row.slack


def _length(parts: dict[str, Numbers], names: list[str]) -> Numbers:
    total = sum(parts[name] ** 2 for name in names)
    return np.asarray(np.sqrt(total), dtype=np.float64)


def _bounds(run: Recorded) -> dict[str, Numbers]:
    """Right sides of lines 7 to 13, under the names of the subgradient."""
    problem, out = run.problem, {}
    depth, step = problem.depth, run.step
    for i in range(1, depth + 1):
        weights, structure = (
            problem.layers[i - 1],
            problem.network.structures[i - 1],
        )
        w, entered = run.weight_norm(i)[1:], run.input_norm(i)
        below, own = step("V", i - 1), step("W", i)
        image = weights.rho * (entered[:-1] * own + w * below)
        last = i == depth
        out[f"V[{i}]"] = weights.gamma * step("U", i)
        out[f"U[{i}]"] = image
        if last:
            out[f"V[{i}]"] = out[f"V[{i}]"] + weights.alpha * step("V", i)
        else:
            out[f"U[{i}]"] = image + weights.alpha * step("U", i)
        cross = w * entered[1:] + run.misfit(i)
        out[f"W[{i}]"] = weights.rho * cross * below + weights.alpha * own
        if not problem.has_copy(i - 1):
            continue
        spread, slope = 1.0, np.full(len(own), weights.alpha)
        if not structure.exact:
            copy = run.states[0].g[i - 1]
            assert copy is not None and copy.cores is not None
            d = len(copy.cores.cores)
            spread = d**0.5
            drift = run.split(i)[1:] / run.least_bond(i)[1:]
            slope = slope + d * weights.tau * (1 + drift)
        pull = weights.tau * spread * step("G", i)
        out[f"W[{i}]"] = out[f"W[{i}]"] + pull
        out[f"G[{i}]"] = slope * step("G", i)
    return out


def draw(run: str, line: str, sweep: int) -> Picture:
    """Both sides over all sweeps, and at one of them."""
    key = next(k for k, words in LINES.items() if words == line)
    left, right = _table()[f"{RUNS[run]} {key}"]
    ks = list(range(1, SWEEPS + 1))
    now, limit = left[sweep - 1], right[sweep - 1]
    broken = now > limit + ROUNDING * max(map(abs, right))
    curves = Panel(
        marks=(
            Line(ks, _seen(left), colour="vermillion", label="left side"),
            Line(ks, _seen(right), colour="blue", label="right side"),
            Rule(sweep, "vertical", colour="grey"),
        ),
        title="All sweeps",
        x_label="sweep",
        y_log=True,
        x_limits=(1, SWEEPS),
        y_limits=_ends([*left, *right]),
        alt="Both sides of the line over the sweeps, log scale",
    )
    bars = Panel(
        marks=(
            Bars([0], [now], colour="vermillion", label="left side"),
            Bars([1], [limit], colour="blue", label="right side"),
            Rule(now, colour="vermillion"),
        ),
        title="This sweep",
        x_limits=(-0.7, 1.7),
        x_ticks=((0, "left"), (1, "right")),
        alt="Both sides of the line in the chosen sweep, as bars",
    )
    verdict = (
        f"BROKEN: {now - limit:.2e} too much"
        if broken
        else f"holds, {limit - now:.2e} to spare"
    )
    return Picture(
        (curves, bars),
        f"{line[0].upper()}{line[1:]}. Sweep {sweep}: "
        f"{now:.2e} \u2264 {limit:.2e} {verdict}.",
        broken and RUNS[run] == "svd",
    )


@cache
def _table() -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = read_table(__file__)
    return found


def _seen(values: list[float]) -> list[float]:
    return [v if v > 0 else nan for v in values]


def _ends(values: list[float]) -> tuple[float, float]:
    seen = [v for v in values if v > 0]
    return min(seen) / 2, max(seen) * 2


def kl_proof_explorer() -> GridExplorer:
    """The lines of the proof on three recorded runs."""
    first = next(iter(RUNS))
    return GridExplorer(
        title="The proof, read on a run",
        goal=(
            "TT-SVD as G step is not covered by the proof. Find a line and "
            "a sweep of that run at which the proof breaks."
        ),
        legend=(
            "A line of the proof says that the left side is at most the "
            "right one. In line 6 the block with the least to spare is "
            "shown. A side that is not positive has no place on a log axis."
        ),
        controls=(
            Choice("run", "run", tuple(RUNS), first),
            Choice("line", "line", tuple(LINES.values()), LINES["1"]),
            Slider("sweep", "sweep", 1, SWEEPS, 1, 1),
        ),
        draw=draw,
        play="sweep",
    )


if __name__ == "__main__":
    write_table(
        __file__,
        {
            f"{name} {line}": [side.tolist() for side in pair]
            for name, run in runs(SWEEPS).items()
            for line, pair in sides(run).items()
        },
    )
