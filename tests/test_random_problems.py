"""Random problems: no sweep raises Phi, every block keeps its promise.

What counts as rounding is 1e-10 of Phi. A run is left when Phi has all but
vanished (1e-9 of its start): from there on a relative change of Phi says
something about rounding, nothing about the method.
"""

import warnings
from math import inf

import jaxtyping
import numpy as np
import pytest
from cases import ACTIVATIONS, LOSSES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nnbcd import (
    Conv2d,
    Dense,
    Free,
    LargerThanDenseWarning,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
)
from nnbcd.affine import output_size

LIMIT = 1e-10
VANISHED = 1e-9

widths = st.integers(1, 40)
# Plain words and numbers: objects are made from them in ``build``.
ranks = st.fixed_dictionaries({"rank": st.integers(1, 6)})
structures = st.one_of(
    st.just(("free", {})),
    st.tuples(
        st.just("sparse"),
        st.fixed_dictionaries({"sparsity": st.floats(0, 0.99)}),
    ),
    st.tuples(st.just("low-rank"), ranks),
    st.tuples(st.just("train"), ranks),
    st.tuples(
        st.just("train"),
        st.fixed_dictionaries(
            {"rank": st.integers(1, 6), "rtol": st.floats(0, 0.9)}
        ),
    ),
)
KINDS = {
    "free": Free,
    "sparse": Sparse,
    "low-rank": LowRank,
    "train": TensorTrain,
}


def decades(least, most):
    return st.floats(least, most).map(lambda x: round(10.0**x, 6))


@st.composite
def chains(draw):
    """An input shape and layers, convolutions first."""
    hidden = {
        "activation": st.sampled_from(sorted(ACTIVATIONS)),
        "structure": structures,
        "bias": st.booleans(),
    }
    last = {"structure": structures, "bias": st.booleans()}
    layers, shape = [], (draw(widths),)
    if draw(st.integers(0, 3)) == 0:
        shape = tuple(draw(st.integers(2, 6)) for _ in range(3))
        size = shape[1:]
        for _ in range(draw(st.integers(1, 2))):
            kernel = tuple(draw(st.integers(1, min(3, n))) for n in size)
            stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
            border = draw(st.integers(0, 1)), draw(st.integers(0, 1))
            conv = draw(st.fixed_dictionaries(hidden)) | {
                "out_channels": draw(st.integers(1, 3)),
                "kernel_size": kernel,
                "stride": stride,
                "padding": border,
            }
            size = tuple(map(output_size, size, kernel, stride, border))
            layers.append(conv)
    for _ in range(draw(st.integers(0, 3 - min(len(layers), 2)))):
        layer = draw(st.fixed_dictionaries(hidden))
        layers.append(layer | {"out_features": draw(widths)})
    layer = draw(st.fixed_dictionaries(last))
    layers.append(layer | {"out_features": draw(st.integers(2, 8))})
    return shape, layers


@st.composite
def penalties(draw, depth):
    weight = decades(-3, 3)
    out = {}
    for name in ("gamma", "rho", "tau", "alpha", "ridge"):
        each = weight
        if name in ("alpha", "ridge"):
            each = st.one_of(st.just(0.0), weight)
        rows = st.lists(each, min_size=depth, max_size=depth)
        out[name] = draw(st.one_of(each, rows))
    if draw(st.integers(0, 4)) == 0:
        boxes = [(0.0, inf), (-1.0, 1.0), (-0.01, 3.0)]
        out["v_bounds"] = draw(st.sampled_from(boxes))
    return out


COUPLINGS = ("penalty", "penalty", "constraint", "consistent")


@st.composite
def problems(draw, couplings=COUPLINGS):
    """A solver, a network, data and a seed."""
    shape, layers = draw(chains())
    solver = {
        "penalties": draw(penalties(len(layers))),
        "loss": draw(st.sampled_from(sorted(LOSSES))),
        "g_step": draw(st.sampled_from(["guarded", "als"])),
        "coupling": draw(st.sampled_from(couplings)),
        "acceleration": draw(st.integers(0, 3)) == 0,
        "scale": draw(decades(-1, 0.5)),
    }
    if solver["coupling"] in ("consistent", "prox-linear"):  # V is the network's own there
        solver["penalties"].pop("v_bounds", None)
    seed = draw(st.integers(0, 2**16))
    n, size = draw(st.integers(1, 60)), draw(decades(-2, 2))
    return shape, layers, solver, n, size, seed


def build(shape, layers, options):
    """The network and the solver of a spec."""
    made = []
    for layer in layers:
        kind, arguments = layer["structure"]
        layer = layer | {"structure": KINDS[kind](**arguments)}
        if "activation" in layer:
            layer["activation"] = ACTIVATIONS[layer["activation"]]
        conv = "kernel_size" in layer
        made.append(Conv2d(**layer) if conv else Dense(**layer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        network = Network(shape, made)
    weights = Penalties(**options["penalties"])
    loss = LOSSES[options["loss"]]
    return network, Solver(**options | {"penalties": weights, "loss": loss})


def run(spec, tally, sweeps):
    """A few sweeps; counts go to ``tally``, rises are an AssertionError."""
    shape, layers, options, n, size, seed = spec
    network, solver = build(shape, layers, options)
    rng = np.random.default_rng(seed)
    x = size * rng.standard_normal((n, *shape))
    y = rng.integers(0, network.maps[-1].d_out, n)
    problem = solver.problem(network, x, y)
    state = solver.init(problem, seed)
    tally["problems"] += 1
    start = None
    for number in range(1, sweeps + 1):
        records = []
        for after, record in solver.blocks(problem, state, number):
            records.append(record)
            state = after
        if start is None:
            start = records[0].objective_before
        tally["sweeps"] += 1
        for record in records:
            if record.objective_before <= VANISHED * start:
                return
            slack = record.slack / record.objective_before
            tally["worst"] = min(tally["worst"], slack)
            assert slack >= -LIMIT, record
        before, phi = records[0].objective_before, records[-1].objective_after
        tally["rises"] += phi - before > LIMIT * before
        assert phi - before <= LIMIT * before


def many(count, sweeps, couplings=COUPLINGS):
    """Run ``count`` random problems, always the same ones."""
    tally = {"problems": 0, "sweeps": 0, "rises": 0, "worst": 0.0}

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(problems(couplings))
    def each(spec):
        run(spec, tally, sweeps)

    each()
    return tally


def report(tally):
    return (
        f"problems={tally['problems']} sweeps={tally['sweeps']} "
        f"rises={tally['rises']} worst={tally['worst']:.1e}"
    )


@pytest.mark.slow
def test_two_hundred_random_problems():
    tally = many(200, sweeps=3)
    print(report(tally))
    assert tally["problems"] >= 200
    assert tally["rises"] == 0


@pytest.mark.slow
def test_a_hundred_random_problems_of_prox_linear():
    tally = many(100, sweeps=3, couplings=("prox-linear",))
    print(report(tally))
    assert tally["problems"] >= 100
    assert tally["rises"] == 0


@pytest.mark.nightly
def test_two_thousand_random_problems(monkeypatch, capsys):
    # Shapes are checked by the test above; here only numbers count.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    tally = many(2000, sweeps=5)
    with capsys.disabled():
        print("\n" + report(tally))
    assert tally["problems"] >= 2000
    assert tally["rises"] == 0
