"""What a change by hand makes stale is dropped: Phi is that of the state."""

from dataclasses import replace

import pytest
import torch
from cases import LOSSES, STRUCTURES
from problems import make

from nnbcd import objective
from nnbcd.structures import StructuredMatrix

COUPLINGS = ["penalty", "constraint", "consistent"]
BLOCKS = ["w", "b", "u", "v", "g"]


def fresh(problem, state):
    """Phi without anything remembered."""
    return objective.value(
        problem, replace(state, affine=(None,) * problem.depth)
    )


def moved(state, i, block):
    """The block of layer i, a little away from where it is."""
    old = getattr(state, block)[i]
    if block == "g":
        return None if old is None else old.scaled(torch.tensor(0.9))
    noise = torch.Generator().manual_seed(7)
    step = torch.randn(old.shape, generator=noise, dtype=torch.float64)
    return old + 0.3 * step


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("block", BLOCKS)
def test_no_stale_image_is_used(coupling, structure, block):
    for loss in LOSSES:
        solver, problem = make(
            coupling=coupling, structure=structure, loss=loss, n=12
        )
        state = solver.init(problem, seed=2)
        for number in (1, 2):
            state, _ = solver.step(problem, state, number)
        for i in range(problem.depth):
            new = moved(state, i, block)
            if new is None:
                continue
            # Two blocks, so that what is dropped stays dropped.
            other = state.put(i, **{block: new}).put(0, u=1.1 * state.u[0])
            value = objective.value(problem, other)
            torch.testing.assert_close(value, fresh(problem, other))


def test_a_changed_feature_is_felt_by_the_layer_above():
    """The value that misled a reader: Phi must see the new V."""
    solver, problem = make(n=12)
    state = solver.init(problem, seed=2)
    other = state.put(0, v=state.v[0] + 1.0)
    assert other.affine[1] is None and other.affine[0] is not None
    above = problem.layers[1].rho * 0.5
    gap = state.u[1] - problem.maps[1].forward(
        other.v[0], state.w[1], state.b[1]
    )
    found = objective.terms(problem, other)["affine[2]"]
    assert float(found) == pytest.approx(float(above * gap.square().sum()))


def test_under_consistent_new_weights_are_passed_forward():
    solver, problem = make(coupling="consistent", structure="free", n=12)
    state = solver.init(problem, seed=2)
    other = state.put(0, w=1.5 * state.w[0])
    v = problem.x
    for i, sigma in enumerate(problem.network.activations):
        v = sigma(v @ other.w[i].mT + other.b[i])
    wanted = problem.loss.value(v, problem.y)
    torch.testing.assert_close(objective.value(problem, other), wanted)
    assert float(wanted) != float(objective.value(problem, state))


def test_an_image_given_along_is_kept():
    solver, problem = make(n=12)
    state = solver.init(problem, seed=2)
    image = torch.zeros_like(state.affine[1])
    assert state.put(1, w=state.w[1], affine=image).affine[1] is image
    member = StructuredMatrix(state.w[0])
    assert state.put(0, g=member).affine == state.affine
