"""What an explorer must say for its settings, computed in Python."""

from nnbcd.explore.explorer import Explorer
from nnbcd.explore.prox import ACTIVATIONS, ProxExplorer


def said(explorer: Explorer, values: dict) -> tuple[str, bool]:
    """The caption, and whether the goal is reached."""
    if isinstance(explorer, ProxExplorer):
        return _prox(**values)
    picture = explorer.draw(**values)
    return picture.caption, picture.reached


def _number(x: float) -> str:
    text = f"{x:.3f}"
    return ("0.000" if text == "-0.000" else text).replace("-", "\u2212")


def _prox(v: float, m: float, c: float, activation: str) -> tuple[str, bool]:
    """Candidates from the table of pieces; the last of the lowest wins."""
    table = ACTIVATIONS[activation].table
    found = []
    for piece in table:
        s, t = piece.slope, piece.intercept
        free = (s * (v - t) + c * m) / (s * s + c)
        u = min(max(free, piece.lo), piece.hi)
        miss = s * u + t - v
        value = 0.5 * miss * miss + 0.5 * c * (u - m) * (u - m)
        found.append((u, value, u != free))
    least = min(value for _, value, _ in found)
    best = max(k for k, (_, value, _) in enumerate(found) if value == least)
    names = {1: ["u"], 2: ["u\u207b", "u\u207a"]}.get(
        len(table), [f"u{digit}" for digit in "\u2081\u2082\u2083\u2084"]
    )
    listed = "; ".join(
        f"{name} = {_number(u)} (value {_number(value)}"
        + (", clipped to the end of its piece)" if clipped else ")")
        for name, (u, value, clipped) in zip(names, found, strict=False)
    )
    u, value, _ = found[best]
    caption = (
        f"u* = {_number(u)}, value {_number(value)}. Candidates: {listed}. "
    )
    caption += (
        "One piece, one parabola."
        if len(table) == 1
        else f"The winner is {names[best]}, on piece {best + 1} of "
        f"{len(table)} from the left."
    )
    if activation == "ReLU":
        at = -((1 + 1 / c) ** 0.5 - 1) * max(v, 0)
        caption += f" The threshold for m is {_number(at)}: m lies "
        caption += "at or above it." if m >= at else "below it."
    gaps = [w - value for x, w, _ in found if abs(x - u) > 0.05]
    return caption, min(gaps, default=1.0) < 0.02
