"""The explorer of the V update shows the block that nnbcd solves."""

from itertools import product

import numpy as np
import pytest
import torch

from nnbcd import Dense, Network, Penalties, Solver, blocks
from nnbcd.explore.v_update import RATIOS, START, WEAK, draw, plane

EACH = list(product((RATIOS[0], 0.03, RATIOS[-1]), WEAK, (0, 30)))


@pytest.mark.parametrize(("ratio", "weak", "angle"), EACH)
def test_the_point_is_the_v_update_of_nnbcd(ratio, weak, angle):
    block = plane(weak, angle)
    x, y = torch.zeros(1, 3).double(), torch.zeros(1, 2).double()
    net = Network(3, [Dense(2, bias=False), Dense(2, bias=False)])
    penalties = Penalties(gamma=float(ratio), rho=1.0)
    problem = Solver(penalties, coupling="penalty").problem(net, x, y)
    state = Solver(penalties, coupling="penalty").init(problem, seed=0)
    state = state.put(0, u=torch.from_numpy(START)[None])
    state = state.put(
        1,
        w=torch.from_numpy(block.weight),
        u=torch.from_numpy(block.wanted)[None],
    )
    v = blocks.v.update(problem, state, 0).numpy()[0]
    assert block.minimiser(ratio) == pytest.approx(v, abs=1e-9)


@pytest.mark.parametrize(("ratio", "weak", "angle"), EACH)
def test_the_caption_tells_the_condition_number(ratio, weak, angle):
    w = plane(weak, angle).weight
    number = np.linalg.cond(w.T @ w + ratio * np.eye(2))
    said = draw(ratio, weak, angle).caption.partition("Condition number ")
    assert float(said[2].rstrip(".").replace(",", "")) == pytest.approx(
        number, abs=0.06
    )


def test_the_path_goes_from_the_activation_to_a_point_without_gap():
    block = plane(0.1, 30)
    assert block.gap(START) == pytest.approx(1)
    assert block.gap(block.fit) == pytest.approx(0)
    assert block.minimiser(1e9) == pytest.approx(START, abs=1e-6)
    assert block.minimiser(0.0) == pytest.approx(block.fit)
