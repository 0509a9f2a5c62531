"""The lifted objective, term by term, after training at other weights.

The runs are stored in ``lifting.json``, written by
``python -m nnbcd.explore.lifting``; two minutes on one core.
"""

from __future__ import annotations

from itertools import product

import torch

from nnbcd import datasets, objective
from nnbcd.explore.controls import Stops
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import Bars, Colour, Mark, Rule
from nnbcd.explore.picture import Panel, Picture
from nnbcd.initialisation import from_weights
from nnbcd.layers import Dense
from nnbcd.network import Network
from nnbcd.problem import Penalties
from nnbcd.solver import Solver
from nnbcd.structures import Sparse

__all__ = ["lifting_explorer", "measure", "stored"]

GAMMA = RHO = (0.05, 0.5, 5.0, 50.0)
TAU = (0.5, 5.0, 50.0)
RIDGE = (0.0, 0.01, 0.1, 1.0)
ROWS, SWEEPS, SEED = 400, 150, 0
KINDS: tuple[tuple[str, Colour], ...] = (
    ("activation", "blue"),
    ("affine", "orange"),
    ("structure", "green"),
    ("ridge", "purple"),
)
GOAL = 40.0
LEAST, MOST = 1e-5, 1e3  # of the logarithmic axis
TABLE: dict[str, dict[str, float]] = {}


def lifting_explorer() -> GridExplorer:
    """Terms of the objective, and the loss of the network behind it."""
    return GridExplorer(
        title="What the objective says, and what the network does",
        goal=(
            f"Bring the loss of the compressed network below {GOAL:g} "
            "(net G, on the right)."
        ),
        controls=(
            Stops("gamma", "gamma, activation gaps", GAMMA, 0.5),
            Stops("rho", "rho, affine gaps", RHO, 0.5),
            Stops("tau", "tau, structure gaps", TAU, 5.0),
            Stops("ridge", "ridge, size of the weights", RIDGE, 0.0),
        ),
        draw=draw,
        legend="Every setting was trained afresh: 150 sweeps from seed 0.",
    )


def stored(
    gamma: float, rho: float, tau: float, ridge: float
) -> dict[str, float]:
    """What the run at these weights left: terms, losses, norms."""
    if not TABLE:
        TABLE.update(read_table(__file__))
    return TABLE[_key(gamma, rho, tau, ridge)]


def draw(gamma: float, rho: float, tau: float, ridge: float) -> Picture:
    """Shares of the terms, and four values on a logarithmic axis."""
    found = stored(gamma, rho, tau, ridge)
    terms = {k: v for k, v in found.items() if k == "loss" or "[" in k}
    phi = sum(terms.values())
    caption = (
        f"The objective is {phi:.3g}, its loss term {found['loss']:.2g}. "
        f"The network has the loss {found['network W']:.0f} with W and "
        f"{found['network G']:.0f} with G; G is right on "
        f"{100 * found['accuracy']:.0f} % of its rows. Norm of the last "
        f"weight {found['size W3']:.2g}, of the features below it "
        f"{found['size V2']:.2g}."
    )
    reached = found["network G"] < GOAL
    return Picture(
        (_shares(terms, phi), _values(found, phi)), caption, reached
    )


def _shares(terms: dict[str, float], phi: float) -> Panel:
    """Per cent of the objective, a column a layer, stacked by kind."""
    loss = 100 * terms["loss"] / phi
    marks: list[Mark] = [Bars((0,), (loss,), colour="vermillion")]
    base = [0.0, 0.0, 0.0]
    for kind, colour in KINDS:
        heights = [
            100 * terms.get(f"{kind}[{i}]", 0.0) / phi for i in (1, 2, 3)
        ]
        marks.append(
            Bars(
                (1, 2, 3),
                heights,
                base=tuple(base),
                colour=colour,
                label=kind,
            )
        )
        base = [b + h for b, h in zip(base, heights, strict=True)]
    names = ("loss", "layer 1", "layer 2", "layer 3")
    return Panel(
        marks=tuple(marks),
        title="What the objective is made of, %",
        x_limits=(-0.6, 3.6),
        y_limits=(0, 100),
        x_ticks=tuple(enumerate(names)),
        alt="Stacked bars: the share of each term, layer by layer.",
    )


def _values(found: dict[str, float], phi: float) -> Panel:
    values = (phi, found["loss"], found["network W"], found["network G"])
    names = ("objective", "its loss", "net W", "net G")
    powers = (1e-4, 1e-2, 1, 100)
    return Panel(
        marks=(
            Rule(GOAL, colour="grey", dash="dashed"),
            Bars(
                (0, 1, 2, 3),
                [v - LEAST for v in values],
                base=(LEAST,) * 4,
                width=0.6,
            ),
        ),
        title="Values, logarithmic",
        x_limits=(-0.6, 3.6),
        y_limits=(LEAST, MOST),
        y_log=True,
        x_ticks=tuple(enumerate(names)),
        y_ticks=tuple((y, f"{y:g}") for y in powers),
        alt="Bars on a logarithmic axis; the dashed line is the goal.",
    )


def network() -> Network:
    """64-32-32-10, 80 % zeros in the hidden layers."""
    hidden = Dense(32, structure=Sparse(0.8))
    return Network(64, [hidden, hidden, Dense(10)])


def measure() -> dict[str, dict[str, float]]:
    """Terms of Phi and losses of the network, by "gamma rho tau ridge"."""
    return {
        _key(*weights): _run(*weights)
        for weights in product(GAMMA, RHO, TAU, RIDGE)
    }


def _run(
    gamma: float, rho: float, tau: float, ridge: float
) -> dict[str, float]:
    digits = datasets.digits()
    x, y = digits.x_train[:ROWS], digits.y_train[:ROWS]
    penalties = Penalties(
        gamma=gamma, rho=rho, tau=tau, alpha=0.1, ridge=ridge
    )
    solver = Solver(
        penalties, coupling="penalty", sweeps=SWEEPS, certify=False
    )
    problem = solver.problem(network(), x, y)
    result = solver.run(problem, solver.init(problem, SEED))
    found = objective.terms(problem, result.state)
    out = {name: float(value) for name, value in found.items()}
    for name, weights in (
        ("network W", result.state.w),
        ("network G", result.state.weights()),
    ):
        copies = (None,) * problem.depth
        forward = from_weights(problem, weights, copies, result.state.b)
        out[name] = float(objective.loss_term(problem, forward))
    out["size W3"] = float(result.state.w[-1].norm())
    out["size V2"] = float(result.state.v[-2].norm())
    out["accuracy"] = result.accuracy(
        torch.from_numpy(x), torch.from_numpy(y)
    )
    return out


def _key(gamma: float, rho: float, tau: float, ridge: float) -> str:
    return f"{gamma:g} {rho:g} {tau:g} {ridge:g}"


if __name__ == "__main__":
    write_table(__file__, measure())
