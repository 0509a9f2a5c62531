"""Data and settings at the edge: a finished run, or a sentence that says why.

Whatever is given, no result holds a number that is not finite, no objective
rises beyond rounding, and no error comes out of LAPACK.
"""

import math
import random
import warnings
from itertools import product

import jaxtyping
import numpy as np
import pytest
import torch

from nnbcd import (
    CrossEntropy,
    Dense,
    Hinge,
    LargerThanDenseWarning,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    Squared,
    Status,
    TensorTrain,
    UnscaledFeaturesWarning,
)

pytestmark = pytest.mark.faults
RNG = np.random.default_rng(0)
BASE, Y = RNG.standard_normal((12, 6)), np.arange(12) % 3
COUPLINGS = ("penalty", "constraint", "consistent")
DTYPES = ("float64", "float32")
LOSSES = (Squared(), Hinge(), CrossEntropy())
STRUCTURES = {
    "free": {},
    "sparse": {"structure": Sparse(0.6)},
    "one-kept": {"structure": Sparse(0.999)},
    "low-rank": {"structure": LowRank(1)},
    "train": {"structure": TensorTrain(2)},
    "tolerant": {"structure": TensorTrain(3, rtol=0.5)},
}
# Every one of these finishes.
DATA = {
    "rank-one": np.outer(BASE[:, 0], BASE[0]),
    "duplicated": np.repeat(BASE[:, :2], 3, 1),
    "constant": np.ones((12, 6)),
    "zeros": np.zeros((12, 6)),
    "part-constant": np.c_[BASE[:, :3], np.full((12, 3), 7.0)],
    "few-rows": BASE[:3],
    "one-row": BASE[:1],
    "one-feature": BASE[:, :1],
    "offset": BASE + 1e8,
    "tiny": 1e-12 * BASE,
}
# These may end early, by name: float32 overflows on the way.
HARD = {
    "scaled": BASE * 10.0 ** np.array([-12, -6, 0, 3, 6, 12]),
    "huge": 1e12 * BASE,
}
# What float32 can't hold; in float64 all but the last two finish.
BEYOND = {
    "1e30": 1e30 * BASE,
    "1e-30": 1e-30 * BASE,
    "largest": np.full((12, 6), 1.7e308),
    "smallest": np.full((12, 6), 5e-324),
}
WEIGHTS = {
    "small": {"gamma": 1e-9, "rho": 1e-9, "tau": 1e-9, "alpha": 0.0},
    "large": {"gamma": 1e8, "rho": 1e8, "tau": 1e8, "alpha": 1e8},
    "stiff": {"gamma": 1e-8, "rho": 1e8, "tau": 1e-8, "alpha": 0.0},
    "slack": {"gamma": 1e8, "rho": 1e-8, "tau": 1e8, "alpha": 0.0},
}


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """As users run it; the other tests have the checker on."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def network(features, name):
    kind = STRUCTURES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        return Network(features, [Dense(7, **kind), Dense(5, **kind), OUT])


OUT = Dense(3)


def fit(x, structure, coupling, dtype, *, penalties=None, y=None, **options):
    """A run of four sweeps, examined."""
    start = options.pop("start", None)
    solver = Solver(
        Penalties(**(penalties or {})),
        coupling=coupling,
        dtype=dtype,
        sweeps=4,
        **options,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnscaledFeaturesWarning)
        result = solver.fit(
            network(x.shape[1], structure),
            x,
            Y[: len(x)] if y is None else y,
            start=start,
        )
    state = result.state
    blocks = [*state.weights(), *state.w, *state.u, *state.v]
    blocks += [b for b in state.b if b is not None]
    assert all(bool(torch.isfinite(block).all()) for block in blocks)
    assert all(map(math.isfinite, result.history.objective))
    assert bool(torch.isfinite(result.decision(x)).all())
    found = result.certificate()
    assert found.monotone, found
    assert math.isfinite(found.min_slack)
    return result.status


def combinations(how_many, *axes):
    """A hundred of them with ``-m faults``, a few of them always."""
    everything = list(product(*axes))
    random.Random(0).shuffle(everything)
    return everything[: how_many(min(100, len(everything)))]


@pytest.mark.parametrize("name", DATA)
def test_degenerate_data_finish(name, how_many, tally):
    cases = combinations(how_many, STRUCTURES, COUPLINGS, DTYPES, LOSSES)
    for structure, coupling, dtype, loss in cases:
        status = fit(DATA[name], structure, coupling, dtype, loss=loss)
        assert status in (Status.MAX_SWEEPS, Status.CONVERGED)
    tally("bad inputs tried", len(cases))


@pytest.mark.parametrize("name", HARD)
def test_wild_scales_finish_in_float64_and_are_named_in_float32(
    name, how_many, tally
):
    ends = {"float64": set(), "float32": set()}
    cases = combinations(how_many, STRUCTURES, COUPLINGS, DTYPES, LOSSES)
    for structure, coupling, dtype, loss in cases:
        status = fit(HARD[name], structure, coupling, dtype, loss=loss)
        ends[dtype].add(status)
    assert ends["float64"] <= {Status.MAX_SWEEPS}
    named = {Status.MAX_SWEEPS, Status.NONFINITE, Status.SINGULAR}
    assert ends["float32"] <= named
    tally("bad inputs tried", len(cases))


@pytest.mark.parametrize("name", BEYOND)
def test_what_a_number_type_cannot_hold_is_refused(name, how_many, tally):
    cases = combinations(how_many, STRUCTURES, COUPLINGS, LOSSES)
    sentence = r"^X has a largest entry of .* (overflows|vanishes) in float"
    for structure, coupling, loss in cases:
        tried = BEYOND[name], structure, coupling
        with pytest.raises(ValueError, match=sentence):
            fit(*tried, "float32", loss=loss)
        if name in ("largest", "smallest"):
            with pytest.raises(ValueError, match=sentence):
                fit(*tried, "float64", loss=loss)
        else:
            assert fit(*tried, "float64", loss=loss) is Status.MAX_SWEEPS
    tally("bad inputs tried", 2 * len(cases))


@pytest.mark.parametrize("name", WEIGHTS)
def test_penalties_of_every_size(name, how_many, tally):
    cases = combinations(
        how_many, DATA, STRUCTURES, COUPLINGS[:2], DTYPES, (False, True)
    )
    for data, structure, coupling, dtype, fast in cases:
        status = fit(
            DATA[data],
            structure,
            coupling,
            dtype,
            penalties=WEIGHTS[name],
            acceleration=fast,
        )
        named = {Status.MAX_SWEEPS, Status.SINGULAR, Status.NONFINITE}
        assert status in named
    tally("bad inputs tried", len(cases))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weight", ["gamma", "rho", "tau", "alpha", "ridge"])
@pytest.mark.parametrize("value", [1e300, 1e-300, 1e10])
def test_penalties_beyond_the_number_type_are_refused(dtype, weight, value):
    if dtype == "float64" and value == 1e10:
        Solver(Penalties(**{weight: value}), dtype=dtype)
        return
    sentence = f"^{weight} is .*{dtype} takes weights from 1e-.*: "
    with pytest.raises(ValueError, match=sentence):
        Solver(Penalties(**{weight: value}), dtype=dtype)
    with pytest.raises(ValueError, match=sentence):
        Solver(Penalties(**{weight: (1.0, value)}), dtype=dtype)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_start_at_zero(coupling, structure, dtype, tally):
    """All weights zero, every support empty."""
    start = [(np.zeros(s), None) for s in ((7, 6), (5, 7), (3, 5))]
    status = fit(BASE, structure, coupling, dtype, start=start)
    assert status is Status.MAX_SWEEPS
    tally("bad inputs tried", 1)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_one_class_of_three(coupling, dtype, tally):
    for structure in STRUCTURES:
        y = np.full(12, 2)
        status = fit(BASE, structure, coupling, dtype, y=y)
        assert status is Status.MAX_SWEEPS
    tally("bad inputs tried", len(STRUCTURES))


def test_no_room_for_any_rank_is_refused():
    with pytest.raises(ValueError, match="raise ratio"):
        network(6, "low-rank").at_ratio(1e-9)
    with pytest.raises(ValueError, match="rank must be an integer of at"):
        LowRank(0)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_a_start_beyond_all_numbers_is_refused(coupling):
    start = [(np.full(s, 1e200), None) for s in ((7, 6), (5, 7), (3, 5))]
    with pytest.raises(ValueError, match="objective of the start is .*scale"):
        fit(BASE, "free", coupling, "float64", start=start)


def test_overflow_in_a_sweep_keeps_the_last_finite_one(monkeypatch):
    """float32, where a Gram matrix overflows in the third sweep."""
    import nnbcd.linalg

    whole, calls = nnbcd.linalg.factor, []

    def factor(h):
        calls.append(1)
        return whole(h * 1e30 * 1e30 if len(calls) > 9 else h)

    monkeypatch.setattr(nnbcd.linalg, "factor", factor)
    x, y = BASE.astype(np.float32), Y
    solver = Solver(coupling="penalty", sweeps=9, dtype="float32")
    result = solver.fit(network(6, "free"), x, y)
    assert result.status is Status.NONFINITE
    assert 0 < len(result.history.sweeps) < 9
    assert all(map(math.isfinite, result.history.objective))
    assert all(bool(torch.isfinite(w).all()) for w in result.state.weights())
