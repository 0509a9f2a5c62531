r"""H2 on a recorded run: whether the subgradient vanishes with the steps.

The theorem needs one b with :math:`\|g^k\| \le b\, s_k` for all sweeps k,
where :math:`s_k` is the length of the step. A run shows the numbers
:math:`b_k = \|g^k\| / s_k`. Two things speak against a bound:

* **drift**: b_k grows as the run doubles its length;
* **standstill**: at the end the steps vanish and the subgradient does not.

Sweeps whose subgradient is zero to rounding say nothing and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from statistics import median

from nnbcd.history import History, SweepRecord

__all__ = ["LEAST", "RelativeError", "judge"]

LEAST = 20  # sweeps: b is not judged on fewer
# Healthy random runs stay below 2 from 40 sweeps on, and below 4 before.
DRIFT, EARLY_DRIFT, EARLY = 2.0, 5.0, 40
WINDOW = 8  # sweeps in the shortest window
JUMP, TAIL = 10.0, 5  # healthy runs stay below 1.7
STOP = 1e3  # for a single sweep; healthy runs stay below 25


@dataclass(frozen=True)
class RelativeError:
    """What a run shows of H2.

    Parameters
    ----------
    b : float or None
        Largest b_k of a sweep that moved; None without subgradients.
    bounded : bool or None
        True: no drift and no standstill. None: too few sweeps to say.
    growth : float or None
        Median of b_k over the last half, divided by its least median over
        earlier windows, each half as long. None if the run is too short.
    standstill : str or None
        The block whose subgradient stays, in words.
    rate : float or None
        Slope of log min ||g||^2 against log k over the second half.
    bound : float or None
        Largest K * min_{k <= K} ||g^k||^2.
    """

    b: float | None
    bounded: bool | None
    growth: float | None
    standstill: str | None
    rate: float | None
    bound: float | None


def judge(history: History, moved: Sequence[SweepRecord]) -> RelativeError:
    """Judge b_k over the settled sweeps of a run.

    Parameters
    ----------
    history : History
    moved : sequence of SweepRecord
        Those of the settled sweeps that moved.
    """
    told = [
        s
        for s in history.settled
        if s.subgradient is not None
        and s.subgradient > s.slope_rounding
        and not history.solved(s.objective)
    ]
    ratios = [_ratio(s) for s in told]
    moved_b = [_ratio(s) for s in moved if s.subgradient is not None]
    squares = [
        s.subgradient**2 for s in history.settled if s.subgradient is not None
    ]
    growth = _growth(ratios)
    stuck = _standstill(told, ratios)
    bounded: bool | None = None
    if stuck is not None:
        bounded = False
    elif len(moved_b) >= LEAST:
        limit = DRIFT if len(ratios) >= EARLY else EARLY_DRIFT
        bounded = growth is None or growth <= limit
    return RelativeError(
        b=max(moved_b, default=None),
        bounded=bounded,
        growth=growth,
        standstill=stuck,
        rate=_rate(squares),
        bound=_bound(squares),
    )


def _ratio(s: SweepRecord) -> float:
    assert s.subgradient is not None
    return s.subgradient / s.step_norm if s.step_norm > 0 else inf


def _windows(ratios: Sequence[float]) -> list[float]:
    """Medians over the last half, the half of what is before, and so on."""
    out, end = [], len(ratios)
    while end - end // 2 >= WINDOW:
        out.append(median(ratios[end // 2 : end]))
        end //= 2
    return out


def _growth(ratios: Sequence[float]) -> float | None:
    windows = _windows(ratios)
    if len(windows) < 2:
        return None
    newest, least = windows[0], min(windows[1:])
    return newest / least if newest < inf else inf


def _standstill(
    told: Sequence[SweepRecord], ratios: Sequence[float]
) -> str | None:
    """The block that keeps its subgradient while the steps vanish."""
    if not ratios:
        return None
    usual = (_windows(ratios)[1:] or [inf])[0]
    stuck = min(ratios[-TAIL:]) > JUMP * usual or ratios[-1] == inf
    # On the way, too: rounding may set a run free that stood still.
    worst = max(range(len(ratios)), key=ratios.__getitem__)
    if not stuck and not ratios[worst] > STOP * median(ratios):
        return None
    return told[-1 if stuck else worst].steepest or "an unnamed block"


def _running_min(values: Sequence[float]) -> list[float]:
    out: list[float] = []
    for x in values:
        out.append(min(x, out[-1]) if out else x)
    return out


def _rate(squares: Sequence[float]) -> float | None:
    """Least-squares slope of log min ||g||^2 on log k, second half."""
    best = _running_min(squares)
    points = [
        (log(k), log(y))
        for k, y in enumerate(best, 1)
        if y > 0 and k > len(best) // 2
    ]
    if len(points) < 5:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return over / sum((x - mean_x) ** 2 for x, _ in points)


def _bound(squares: Sequence[float]) -> float | None:
    best = _running_min(squares)
    return max((k * y for k, y in enumerate(best, 1)), default=None)
