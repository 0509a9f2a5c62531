"""An explorer that uses every mark, log axes and gaps: for the tests."""

from math import nan, sin

from nnbcd.explore import (
    Arrows,
    Bars,
    Box,
    Cells,
    Choice,
    GridExplorer,
    Line,
    Panel,
    Picture,
    Points,
    Rule,
    Slider,
    Stops,
    Words,
)


def draw(k: float, rate: float, shape: str) -> Picture:
    """Three panels; the caption names every argument."""
    xs = [0.1 * j for j in range(-30, 31)]
    wave = Line(xs, [sin(k * x) for x in xs], label="wave")
    gap = Line(
        xs,
        [x / 3 if abs(x) > 1 else nan for x in xs],
        colour="vermillion",
        label="line with a gap",
    )
    still = (
        Points([-1, 1], [-0.5, 0.5], colour="ink", marker="ring"),
        Rule(0.0, colour="grey"),
        Box(-2, -1.5, -1, 0, colour="green", label="box"),
        Words(2, 1.2, "a < b & c", colour="ink"),
    )
    left = Panel(
        marks=(wave, gap, *still),
        title="Waves",
        x_label="x",
        y_label="height",
        y_limits=(-1.6, 1.6),
    )
    sizes = [rate * 10.0**j for j in range(3)]
    middle = Panel(
        marks=(
            Bars([0, 1, 2], sizes, label="part"),
            Bars([0, 1, 2], sizes, sizes, colour="vermillion", label="rest"),
            Rule(10.0, colour="purple", label="limit"),
        ),
        title="Bars, stacked",
        y_label="size",
        y_log=True,
        y_limits=(0.001, 1e5),
        x_ticks=((0, "a"), (1, "b"), (2, "c")),
    )
    if shape == "path":
        marks = (
            Arrows(
                [2, 0.5, -0.5, 0.1][: int(k) + 1],
                [1, 1, 0.2, 0][: int(k) + 1],
                colour="vermillion",
                label="steps",
            ),
        )
        right = Panel(
            marks=marks,
            title="Path",
            square=True,
            x_limits=(-1, 2.5),
            y_limits=(-1, 2.5),
        )
    else:
        rows = [[(i - j) * rate for j in range(4)] for i in range(3)]
        rows[0][3] = nan
        marks = (Cells(rows, -3, 3, scale="diverging"),)
        right = Panel(marks=marks, title="Matrix", square=True)
    return Picture(
        (left, middle, right),
        f"k = {k}, rate = {rate}, drawn as a {shape}.",
        reached=k == 3 and shape == "path",
    )


def demo_explorer() -> GridExplorer:
    return GridExplorer(
        title="Every mark there is",
        goal="Draw a path of three steps.",
        legend="For the tests only.",
        controls=(
            Slider("k", "k, number of steps", 1, 3, 1, 1),
            Stops("rate", "rate, of growth", (0.01, 0.5, 20.0), 0.5),
            Choice("shape", "shape", ("path", "matrix"), "matrix"),
        ),
        draw=draw,
        play="k",
    )
