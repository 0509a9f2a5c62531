"""Explorer of the chapter on the tools: exponent and speed of abs(x)^p."""

from __future__ import annotations

from nnbcd.explore.controls import Choice, Slider, Stops
from nnbcd.explore.grid import GridExplorer
from nnbcd.explore.marks import Line, Points, Rule
from nnbcd.explore.picture import Panel, Picture

__all__ = ["descend", "holds", "kl_tools_explorer", "least_exponent"]

STEPS = 60
POWERS = (1.0, 1.25, 2.0, 2.5, 4.0, 5.0)
FLOOR = 1e-12  # below this a value is drawn as nothing


def least_exponent(p: float) -> float:
    """The smallest KL exponent of abs(x)^p at 0: 1 - 1/p, p >= 1."""
    return 1 - 1 / p


def holds(p: float, theta: float) -> bool:
    """Whether abs(x)^p has the KL exponent theta at 0."""
    return theta > least_exponent(p) - 1e-9


def descend(p: float, method: str, step: float, count: int) -> list[float]:
    """Iterates of a descent method on abs(x)^p from x = 1.

    Parameters
    ----------
    p : float
        Power, p >= 1.
    method : str
        ``gradient`` or ``proximal``.
    step : float
        Step length, positive.
    count : int
        Steps taken; the list has one entry more.
    """
    xs = [1.0]
    for _ in range(count):
        x = xs[-1]
        xs.append(_proximal(p, x, step) if method == "proximal"
                  else _gradient(p, x, step))  # fmt: skip
    return xs


def _gradient(p: float, x: float, step: float) -> float:
    if x == 0:
        return 0.0
    sign = 1.0 if x > 0 else -1.0
    return float(x - step * p * abs(x) ** (p - 1) * sign)


def _proximal(p: float, x: float, step: float) -> float:
    """The z in [0, x] with z + step p z^(p-1) = x, by halving."""
    if p == 1:
        return max(0.0, x - step)
    low, high = 0.0, x
    for _ in range(200):
        middle = (low + high) / 2
        if middle + step * p * middle ** (p - 1) > x:
            high = middle
        else:
            low = middle
    return low


def draw(p: float, theta: float, method: str, step: float) -> Picture:
    """The function with its iterates, the inequality, the values."""
    xs = descend(p, method, step, STEPS)
    values = [abs(x) ** p for x in xs]
    # (H1) with a = 1/(2 step): true for every proximal step.
    paid = all(
        before - after >= (y - x) ** 2 / (2 * step) - 1e-15
        for before, after, x, y in zip(
            values, values[1:], xs, xs[1:], strict=False
        )
    )
    last = f"{values[-1]:.1e}" if values[-1] > FLOOR else "below 1e-12"
    kl = "holds" if holds(p, theta) else "fails: the line falls to 0"
    sharp = abs(theta - least_exponent(p)) < 1e-9
    return Picture(
        (_function(p, xs), _inequality(p, theta), _values(p, values)),
        f"f = |x|^{p:g}, \u03b8 = {theta:g}: the inequality {kl}. "
        f"After {STEPS} {method} steps, f is {last}. "
        f"{'Every' if paid else 'Not every'} step d was paid for: f fell by "
        f"d\u00b2/{2 * step:g} or more.",
        p == 4 and sharp and paid and values[-1] < 1e-4,
    )


def _function(p: float, xs: list[float]) -> Panel:
    grid = [k / 50 for k in range(-60, 61)]
    return Panel(
        marks=(
            Line(grid, [abs(x) ** p for x in grid], label="f"),
            Points(
                xs, [abs(x) ** p for x in xs],
                colour="vermillion", label="iterates", size=3.5,
            ),
        ),
        title="The function",
        x_label="x",
        y_label="f",
        x_limits=(-1.1, 1.1),
        y_limits=(-0.05, 1.2),
        alt="A valley with its lowest point at 0, and the iterates on it",
    )  # fmt: skip


def _inequality(p: float, theta: float) -> Panel:
    """phi'(f) abs(f') for phi(s) = s^(1 - theta), a line in log scales."""
    grid = [10 ** (-4 + k / 5) for k in range(21)]
    slopes = [(1 - theta) * p * x ** (p - 1 - p * theta) for x in grid]
    return Panel(
        marks=(
            Line(grid, slopes, label="\u03c6'(f) |f'|"),
            Rule(1e-2, colour="vermillion", label="1/c for c = 100"),
        ),
        title="The KL inequality",
        x_label="x",
        y_label="\u03c6'(f) |f'|",
        x_log=True,
        y_log=True,
        x_limits=(1e-4, 1),
        y_limits=(1e-6, 1e6),
        alt="A straight line: it must not fall towards 0 on the left",
    )


def _values(p: float, values: list[float]) -> Panel:
    ks = list(range(1, len(values)))
    seen = [v if v > FLOOR else float("nan") for v in values[1:]]
    marks: tuple[Line | Points, ...] = (
        Points(ks, seen, colour="vermillion", label="f at step k", size=3),
    )
    if p > 2:
        power = p / (p - 2)
        last = values[-1]
        line = [last * (k / ks[-1]) ** -power for k in ks]
        marks += (
            Line(ks, line, colour="grey", label=f"like k^\u2212{power:.3g}"),
        )
    return Panel(
        marks=marks,
        title="How fast",
        x_label="k",
        y_label="f at step k",
        x_log=True,
        y_log=True,
        x_limits=(1, STEPS),
        y_limits=(FLOOR, 2),
        alt="The values of f against the number of steps, log scales",
    )


def kl_tools_explorer() -> GridExplorer:
    """Exponent, inequality and rate of abs(x)^p."""
    return GridExplorer(
        title="The exponent and the speed",
        goal=(
            "Take p = 4. Find the smallest \u03b8 for which the inequality "
            "holds, and 60 steps, each paid for, that bring f below 0.0001."
        ),
        legend=(
            "The KL inequality with exponent \u03b8 holds near 0 when "
            "the line stays above some 1/c as x goes to 0."
        ),
        controls=(
            Stops("p", "p, power", POWERS, 2.0),
            Slider("theta", "\u03b8, exponent", 0.0, 0.9, 0.05, 0.4),
            Choice("method", "method", ("gradient", "proximal"), "gradient"),
            Stops("step", "step length", (0.03, 0.1, 0.3), 0.1),
        ),
        draw=draw,
    )
