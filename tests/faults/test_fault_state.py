"""The same run twice is the same to the bit, and leaves no trace."""

import os
import random
import subprocess
import sys
import warnings
from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch

from nnbcd import Dense, LowRank, Network, Solver, Sparse, TensorTrain
from nnbcd.datasets import digits
from nnbcd.endings import of_error

pytestmark = pytest.mark.faults
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((40, 8)), np.arange(40) % 3
KINDS = [TensorTrain(2), Sparse(0.5), LowRank(2)]
NET = Network(8, [*(Dense(12, structure=s) for s in KINDS), Dense(3)])
COUPLINGS = ("penalty", "constraint", "consistent")
DTYPES = ("float64", "float32")


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """It draws from Python's generator what it looks at."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def fit(coupling, dtype, **options):
    solver = Solver(coupling=coupling, sweeps=4, dtype=dtype, **options)
    return solver.fit(NET, X, Y, seed=3)


def bits(result):
    blocks = [*result.state.weights(), *result.state.u, *result.state.v]
    blocks += [b for b in result.state.b if b is not None]
    rows = [*result.history.sweeps, *result.history.blocks]
    records = [replace(row, seconds=0.0) for row in rows]
    return [x.numpy().tobytes() for x in blocks], records


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_the_same_seed_gives_the_same_bits(coupling, dtype):
    first = bits(fit(coupling, dtype))
    # Whatever has happened in between.
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - it is what must not matter
    random.seed(99)
    assert bits(fit(coupling, dtype)) == first
    other = Solver(coupling=coupling, sweeps=4, dtype=dtype)
    assert bits(other.fit(NET, X, Y, seed=4)) != first


def digest_of(*, threads):
    """In a fresh process, of another hash seed and so many threads."""
    program = (
        "import hashlib, sys, torch\n"
        "from nnbcd import Dense, Network, Solver, Sparse\n"
        "from nnbcd.datasets import digits\n"
        "torch.set_num_threads(int(sys.argv[1]))\n"
        "d = digits()\n"
        "net = Network(64, [Dense(300, structure=Sparse(.9)), Dense(10)])\n"
        "for coupling in ('penalty', 'consistent'):\n"
        "    r = Solver(coupling=coupling, sweeps=2).fit(\n"
        "        net, d.x_train, d.y_train)\n"
        "    w = b''.join(w.numpy().tobytes() for w in r.state.weights())\n"
        "    print(hashlib.sha256(w).hexdigest(), r.history.objective[-1])\n"
        "assert torch.get_num_threads() == int(sys.argv[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(threads)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": str(threads)},
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return [row[0] for row in rows], [float(row[1]) for row in rows]


@pytest.mark.slow
def test_another_process_gives_the_same_bits():
    """And another number of threads the same to rounding."""
    one, objectives = digest_of(threads=1)
    again, _ = digest_of(threads=1)
    assert again == one
    _, two = digest_of(threads=2)
    np.testing.assert_allclose(two, objectives, rtol=1e-6)


def traces():
    """Everything global that a run could touch."""
    return (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.get_num_interop_threads(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        torch.backends.cuda.matmul.allow_tf32,
        torch.random.get_rng_state().numpy().tobytes(),
        np.random.get_state()[1].tobytes(),  # noqa: NPY002
        random.getstate(),
        str(np.geterr()),
        list(warnings.filters),
        dict(os.environ),
        os.getcwd(),
        sys.getrecursionlimit(),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("coupling", COUPLINGS)
def test_nothing_global_is_touched(coupling, dtype, tmp_path):
    digits()  # importing scikit-learn draws from Python's generator
    before = traces()
    arrays = X.copy(), Y.copy()
    result = fit(coupling, dtype)
    result.predict(X)
    result.certificate()
    Solver(coupling=coupling, sweeps=2, dtype=dtype).fit(
        NET, X, Y, checkpoint=tmp_path / "run.npz", validation=(X, Y)
    )
    digits()
    assert traces() == before
    assert np.array_equal(X, arrays[0]) and np.array_equal(Y, arrays[1])


@pytest.mark.parametrize("error", [ValueError, OverflowError])
def test_nothing_global_is_touched_by_a_run_that_breaks(error, monkeypatch):
    def broken(*_):
        raise error

    monkeypatch.setattr("nnbcd.run.read", broken)
    before = traces()
    if of_error(error()) is None:
        with pytest.raises(error):
            fit("penalty", "float64")
    else:
        fit("penalty", "float64")
    assert traces() == before


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_what_the_user_set_does_not_change_a_run(coupling):
    """Default type, gradients on or off, an error state of NumPy."""
    first = bits(fit(coupling, "float64"))
    torch.set_default_dtype(torch.float16)
    try:
        with torch.no_grad():
            assert bits(fit(coupling, "float64")) == first
        with np.errstate(all="raise"):
            assert bits(fit(coupling, "float64")) == first
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.inference_mode():
        assert bits(fit(coupling, "float64")) == first
