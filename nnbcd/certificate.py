r"""The convergence certificate of a run.

The theorem of Attouch, Bolte and Svaiter (2013) asks an algorithm for two
inequalities that hold at every sweep k,

* **H1**, sufficient decrease:
  :math:`\Phi(P^{k-1}) - \Phi(P^k) \ge a \|P^k - P^{k-1}\|^2`,
* **H2**, relative error:
  :math:`\|g^k\| \le b \|P^k - P^{k-1}\|` for a subgradient g^k,

and concludes, for a function with the Kurdyka-Lojasiewicz property and a
bounded sequence, that the whole sequence converges to a critical point. The
certificate measures both sides of both on a recorded run, and can say no
(:mod:`nnbcd.sufficient_decrease`, :mod:`nnbcd.relative_error`).

Where the sets tighten on the way (:mod:`nnbcd.schedules`) Phi may jump. It
is then judged within each fixed set; H1, H2 and the rate are those of the
sweeps from the last tightening on, which is where the theorem's sequence
starts.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import isfinite

from nnbcd.history import History, tolerance
from nnbcd.relative_error import LEAST, judge
from nnbcd.sufficient_decrease import moduli, slack

__all__ = ["Certificate", "certify"]


@dataclass(frozen=True)
class Certificate:
    r"""What a run proves about itself.

    Parameters
    ----------
    sweeps : int
        Sweeps looked at.
    monotone : bool
        No sweep and no block raised Phi beyond rounding.
    objective_increases : int
        Sweeps that did.
    first_rise : str or None
        The first block that raised Phi, in words.
    min_slack : float
        Smallest (decrease - guaranteed decrease) / abs(Phi) of any block.
        Where Phi is so small beside the numbers it is computed from that
        its last digits are noise (``SweepRecord.rounding``), that noise
        over ``rounding`` takes the place of abs(Phi).
    sufficient_decrease : bool
        H1: min_slack is not negative beyond rounding, and every sweep that
        moved lowered Phi.
    a : float
        Smallest measured a_k = decrease / ||step||^2.
    b : float or None
        Largest measured b_k = ||g^k|| / ||step||; None if no subgradient
        was computed.
    bounded_b : bool or None
        H2: b_k shows no upward drift, and the run does not stand still at a
        point whose subgradient is not zero. None: not judged, on fewer than
        20 sweeps that moved or without subgradients.
    rate : float or None
        Slope of log min ||g||^2 against log k over the second half; the
        theorem bounds it by -1 in the long run.
    bound : float or None
        Largest K * min_{k <= K} ||g^k||^2, which the theorem keeps
        bounded by b^2 (Phi_0 - inf Phi) / a.
    rounding : float
        Relative change of Phi that counts as rounding.
    moved : int
        Sweeps that moved at all; a run that stands still proves nothing.
        Counted, as all but the rises, from the last tightening on.
    tightenings : int
        Sweeps before which the sets were tightened.
    standstill : str or None
        The block whose subgradient stays while the steps vanish, in words.
    coupling : str
        Name of the coupling, where the history tells it.
    noisy : int
        Sweeps in which a block fell short by no more than the rounding of
        its numbers, which there exceeds ``rounding`` of Phi
        (:mod:`nnbcd.rounding`). If the whole sweep lowers Phi by less, it
        does not count as moved.
    """

    sweeps: int
    monotone: bool
    objective_increases: int
    first_rise: str | None
    min_slack: float
    sufficient_decrease: bool
    a: float
    b: float | None
    bounded_b: bool | None
    rate: float | None
    bound: float | None
    rounding: float
    moved: int
    tightenings: int = 0
    noisy: int = 0
    standstill: str | None = None
    coupling: str = ""

    @property
    def holds(self) -> bool:
        """It moved and never rose, H1 holds, and H2 was judged and holds."""
        return self.descends and self.bounded_b is True

    @property
    def descends(self) -> bool:
        """It moved and never rose, and H1 holds."""
        return self.moved > 0 and self.monotone and self.sufficient_decrease

    @property
    def broken(self) -> bool:
        """A promise that was judged is not kept, or nothing moved."""
        return not self.descends or self.bounded_b is False

    @property
    def verdict(self) -> str:
        """The judgement in a few words."""
        if self.broken:
            return "DOES NOT HOLD"
        if self.holds:
            return "holds"
        phi = "loss" if self.coupling == "consistent" else "objective"
        return f"the {phi} never rose (H1); H2 is not judged"

    def to_json(self) -> str:
        """All fields as JSON."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        rows = [
            f"Certificate over {self.sweeps} sweeps: " + self.verdict,
            _row(self.monotone, "objective never rises", self.first_rise),
            _row(
                self.sufficient_decrease,
                "H1, sufficient decrease",
                f"min slack {self.min_slack:.2e} of Phi, a = {self.a:.3g}",
            ),
        ]
        if self.moved == 0:
            rows.append("  [NO] no sweep moved: nothing is proved")
        rows.append(self._relative_error())
        if self.rate is not None:
            rows.append(
                f"  [i] min ||g||^2 falls like k^{self.rate:.2f}; "
                f"K min ||g||^2 stays below {self.bound:.3g}"
            )
        if self.tightenings:
            rows.append(
                f"  [i] sets tightened before {self.tightenings} sweeps: "
                "these jumps of Phi are not judged,\n"
                "      H1, H2 and the rate are those of the sweeps after "
                "the last one"
            )
        if self.noisy:
            rows.append(
                f"  [i] in {self.noisy} sweeps the numbers behind Phi are so "
                "much larger than it\n      that rounding explains what is "
                "missing there"
            )
        rows.append(f"  rounding: {self.rounding:.0e} of Phi")
        return "\n".join(rows)

    def _relative_error(self) -> str:
        """The line on H2."""
        if self.standstill is not None:
            return (
                "  [NO] H2, relative error: the run stands still, but the "
                f"subgradient in {self.standstill} stays"
            )
        if self.b is None:
            why = ": no subgradient recorded"
            if self.coupling == "consistent":
                why = ": no subgradient of the loss is measured"
            return f"  [-] H2, relative error: not judged{why}"
        detail = f"b = {self.b:.3g}"
        if self.bounded_b is None:
            return (
                f"  [-] H2, relative error: {detail}, not judged on fewer "
                f"than {LEAST} sweeps"
            )
        if not self.bounded_b:
            detail += ", and b_k grows"
        return _row(self.bounded_b, "H2, relative error", detail)

    __repr__ = __str__


def certify(history: History) -> Certificate:
    """Judge a recorded run; see :class:`Certificate`.

    Parameters
    ----------
    history : History
        At least one sweep for a positive verdict.
    """
    limit = tolerance(history.dtype)
    rise, min_slack = slack(history, limit)
    increases = history.objective_increases
    settled = history.settled
    moved = [
        s
        for s in settled
        if s.step_norm**2 > 0
        and not history.solved(s.objective)
        and not abs(s.decrease) < s.rounding
    ]
    a_values, idle = moduli(moved, limit)
    h2 = judge(history, moved)
    finite = all(map(isfinite, history.objective))
    if not finite:
        rise = rise or "Phi is not finite"
    return Certificate(
        sweeps=len(history.sweeps),
        monotone=finite and increases == 0 and rise is None,
        objective_increases=increases,
        first_rise=rise,
        min_slack=min_slack,
        sufficient_decrease=min_slack >= -limit and not idle,
        a=min(a_values, default=0.0),
        b=h2.b,
        bounded_b=h2.bounded,
        rate=h2.rate,
        bound=h2.bound,
        rounding=limit,
        moved=len(moved),
        tightenings=history.tightenings,
        standstill=h2.standstill,
        coupling=history.coupling,
        noisy=sum(s.rounding > limit * abs(s.start) for s in settled),
    )


def _row(good: bool, what: str, detail: str | None) -> str:
    mark = "ok" if good else "NO"
    return f"  [{mark}] {what}" + (f": {detail}" if detail else "")
