"""Figures of "Choosing the settings" that are quick to measure, measured."""

import re
from functools import cache
from pathlib import Path

import pytest

from nnbcd import Dense, Free, Network, Penalties, Solver, Sparse, TensorTrain
from nnbcd.datasets import digits

ROOT = Path(__file__).parents[2]
COUPLINGS = ("penalty", "constraint", "consistent")
WEIGHTS = {
    "dense": Free(),
    "90 % zeros": Sparse(0.9),
    "rank 24": TensorTrain(24),
}
PAIR = re.compile(r"(?<![\d.])(1\.000|\.\d{3}) / (1\.000|\.\d{3})")


def shown(solver, structure):
    """Train / test as the page writes them."""
    data = digits()
    hidden = [Dense(256, structure=structure)] * 2
    network = Network(64, [*hidden, Dense(10)])
    result = solver.fit(network, data.x_train, data.y_train, seed=0)
    pairs = (data.x_train, data.y_train), (data.x_test, data.y_test)
    found = [f"{result.accuracy(x, y):.3f}" for x, y in pairs]
    return tuple(text.removeprefix("0") for text in found)


@cache
def after_five(weights):
    return [
        shown(Solver(coupling=c, sweeps=5), WEIGHTS[weights])
        for c in COUPLINGS
    ]


@pytest.mark.parametrize("page", ["README.md", "book/settings.md"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_five_sweeps_of_every_coupling(page, weights):
    text = (ROOT / page).read_text("utf-8")
    (line,) = [
        row
        for row in text.splitlines()
        if re.match(rf"\| [^|]*{weights} \| 5 \|", row)
    ]
    said = PAIR.findall(line)
    assert said == after_five(weights)


def test_a_ridge_of_ten():
    text = " ".join((ROOT / "book/settings.md").read_text("utf-8").split())
    (said,) = re.findall(r"(\.\d{3}) / (\.\d{3}) at 10,", text)
    solver = Solver(Penalties(ridge=10.0), coupling="penalty", sweeps=40)
    assert said == shown(solver, WEIGHTS["dense"])
