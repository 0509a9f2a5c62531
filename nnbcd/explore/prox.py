"""The explorer of the U update: the scalar sub-problem and its minimiser."""

from __future__ import annotations

from collections.abc import Mapping
from math import isinf

from nnbcd.activations import (
    AbsoluteValue,
    HardTanh,
    Identity,
    LeakyReLU,
    PiecewiseLinear,
    ReLU,
)
from nnbcd.explore.controls import Choice, Slider
from nnbcd.explore.explorer import Explorer

__all__ = ["ACTIVATIONS", "ProxExplorer", "piece_table", "prox_explorer"]

ACTIVATIONS: dict[str, PiecewiseLinear] = {
    "ReLU": ReLU(),
    "leaky ReLU, slope 0.2": LeakyReLU(0.2),
    "absolute value": AbsoluteValue(),
    "hard tanh": HardTanh(),
    "identity": Identity(),
}


def piece_table(
    activation: PiecewiseLinear,
) -> list[dict[str, float | None]]:
    """The pieces as the script reads them; None stands for infinity.

    Parameters
    ----------
    activation : PiecewiseLinear
        Any activation with a table of pieces.

    Returns
    -------
    list of dict
        One ``{lo, hi, slope, intercept}`` per piece, left to right.
    """
    return [
        {
            "lo": None if isinf(piece.lo) else piece.lo,
            "hi": None if isinf(piece.hi) else piece.hi,
            "slope": piece.slope,
            "intercept": piece.intercept,
        }
        for piece in activation.table
    ]


class ProxExplorer(Explorer):
    """Move v, m and c; watch the two valleys and the winner.

    See :func:`prox_explorer` for the parameters.
    """

    title = "The U update for one number"
    legend = (
        "Left: solid F, dashed the fit, dotted the pull; rings are the "
        "candidates, the filled dot is the minimiser u*. Right: solid u*, "
        "dotted the line u = m."
    )
    goal = (
        "Make two valleys equally deep: two different candidates whose "
        "values differ by less than 0.02."
    )
    scripts = (
        "prox.js",
        "plot.js",
        "prox_view.js",
    )

    def __init__(self, v: float, m: float, c: float, activation: str) -> None:
        self._controls = (
            Slider("v", "v, wanted output", -2.0, 3.0, 0.05, v),
            Slider("m", "m, centre", -3.0, 3.0, 0.05, m),
            Slider("c", "c, pull to m", 0.1, 5.0, 0.05, c),
            Choice(
                "activation", "activation", tuple(ACTIVATIONS), activation
            ),
        )

    @property
    def controls(self) -> tuple[Slider | Choice, ...]:
        """v, m, c and the activation."""
        return self._controls

    def data(self) -> Mapping[str, object]:
        """The tables of pieces and the range of u that is drawn."""
        tables = {name: piece_table(a) for name, a in ACTIVATIONS.items()}
        return {"pieces": tables, "window": [-3.5, 3.5]}


def prox_explorer(
    v: float = 1.0,
    m: float = -0.8,
    c: float = 1.0,
    activation: str = "ReLU",
) -> ProxExplorer:
    r"""Explorer of :math:`\tfrac12(\sigma(u)-v)^2 + \tfrac c2 (u-m)^2`.

    Display it as the last line of a notebook cell. It runs in the page:
    no kernel, no network.

    Parameters
    ----------
    v : float
        Start of the wanted output, in [-2, 3].
    m : float
        Start of the centre, in [-3, 3].
    c : float
        Start of the proximal weight, in [0.1, 5].
    activation : str
        One of the keys of :data:`nnbcd.explore.prox.ACTIVATIONS`.

    Returns
    -------
    ProxExplorer
        An object with ``html()`` that notebooks display by themselves.

    Raises
    ------
    ValueError
        If a start value lies outside its slider.
    """
    return ProxExplorer(v, m, c, activation)
