"""H1 on a recorded run: whether every block lowered Phi as it must."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan, nan
from statistics import median

from nnbcd.history import History, SweepRecord

__all__ = ["moduli", "slack"]


def slack(history: History, limit: float) -> tuple[str | None, float]:
    """First rise in words, and the smallest relative slack (NaN sticks).

    Parameters
    ----------
    history : History
    limit : float
        Share of Phi that counts as rounding.
    """
    rise: str | None = None
    slacks: list[float] = []
    settled = history.settled
    since = settled[0].sweep if settled else 0
    noise = {s.sweep: s.rounding / limit for s in history.sweeps}
    for r in history.blocks:
        if history.solved(r.objective_before):
            continue
        floor = noise.get(r.sweep, 0.0)
        scale = max(abs(r.objective_before), floor, 1e-300)
        if r.sweep >= since:
            slacks.append(r.slack / scale)
        if rise is None and not r.decrease >= -limit * scale:
            layer = f"layer {r.layer}" if r.layer else "all layers"
            rise = (
                f"block {r.block} of {layer} raised Phi by "
                f"{-r.decrease / scale:.2e} of its value in sweep {r.sweep}"
            )
    for s in () if history.blocks else history.sweeps:
        if history.solved(s.objective + s.decrease):
            continue
        scale = max(abs(s.objective + s.decrease), noise[s.sweep], 1e-300)
        if s.sweep >= since:
            slacks.append(s.min_slack / scale)
        if rise is None and not s.decrease >= -limit * scale:
            rise = f"sweep {s.sweep} raised Phi"
    if any(isnan(x) for x in slacks):
        return rise, nan
    return rise, min(slacks, default=0.0)


def moduli(
    moved: Sequence[SweepRecord], limit: float
) -> tuple[list[float], bool]:
    """Measured a_k, and whether a sweep moved without lowering Phi.

    Where the decrease of a step so short is lost in the rounding of Phi,
    nothing is said.

    Parameters
    ----------
    moved : sequence of SweepRecord
    limit : float
        Share of Phi that counts as rounding.
    """
    told = [s for s in moved if abs(s.decrease) > limit * abs(s.objective)]
    a = [s.decrease / s.step_norm**2 for s in told or moved]
    usual = median(a) if told else inf
    idle = any(
        s.decrease <= 0 and usual * s.step_norm**2 > limit * abs(s.objective)
        for s in moved
    )
    return a, idle
