"""What a user may hand in: taken as it is meant, or refused in a sentence."""

import datetime
import decimal
import fractions
import random
import re
import warnings

import jaxtyping
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from nnbcd import (
    Checkpoint,
    Conv2d,
    Dense,
    Gradual,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
    UnscaledFeaturesWarning,
)
from nnbcd.baselines import adam

pytestmark = pytest.mark.faults
RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 9, (6, 4))  # exact in every type
X = WHOLE.astype(np.float64)
Y = np.array([0, 1, 2, 1, 1, 0])
WORDS = np.array(["no", "perhaps", "yes", "perhaps", "perhaps", "no"])
NET = Network(4, [Dense(5), Dense(3)])
SOLVER = Solver(coupling="penalty", sweeps=2)


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """What users see, who have no checker before our own sentences."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def nullable(x):
    return pd.DataFrame(x).convert_dtypes()


FEATURES = {
    "uint8": WHOLE.astype(np.uint8),
    "uint16": WHOLE.astype(np.uint16),
    "uint32": WHOLE.astype(np.uint32),
    "uint64": WHOLE.astype(np.uint64),
    "float16": WHOLE.astype(np.float16),
    "long double": WHOLE.astype(np.longdouble),
    "objects": WHOLE.astype(object),
    "python's own": [[int(n) for n in row] for row in WHOLE],
    "decimals and fractions": [
        [fractions.Fraction(int(n)) for n in row] for row in WHOLE
    ],
    "a frame": pd.DataFrame(X),
    "a frame of several types": pd.DataFrame(X).astype({0: int, 1: "f4"}),
    "a nullable frame": nullable(X),
    "csr": scipy.sparse.csr_matrix(X),
    "coo array": scipy.sparse.coo_array(X),
    "nothing masked": np.ma.masked_array(X, np.zeros_like(X)),
    "np.matrix": X.view(np.matrix),
    "read only": np.frombuffer(X.tobytes()).reshape(6, 4),
    "strided": np.repeat(X, 2, axis=0)[::2],
    "tensors": list(torch.from_numpy(X)),
    "bfloat16": torch.from_numpy(X).to(torch.bfloat16),
    "sparse tensor": torch.from_numpy(X).to_sparse(),
    "csr tensor": torch.from_numpy(X).to_sparse_csr(),
    "with gradient": torch.from_numpy(X).requires_grad_(),
}


@pytest.mark.parametrize("kind", FEATURES)
@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_features_of_every_kind(kind):
    given = FEATURES[kind]
    problem = SOLVER.problem(NET, given, Y)
    assert problem.x.dtype == torch.float64
    assert not problem.x.requires_grad
    np.testing.assert_array_equal(problem.x.numpy(), X)
    if isinstance(given, np.ndarray):  # it is a copy
        assert not np.shares_memory(problem.x.numpy(), given)
    result = SOLVER.fit(NET, X, Y)
    assert torch.equal(result.predict(given), result.predict(X))


LABELS = {
    "uint64": Y.astype(np.uint64),
    "bool": Y > 0,
    "objects": Y.astype(object),
    "a series": pd.Series(Y, index=list("abcdef")),
    "a nullable series": pd.Series(Y).convert_dtypes(),
    "a list": Y.tolist(),
    "a tensor": torch.from_numpy(Y.astype(np.uint8)),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_kind(kind):
    y = LABELS[kind]
    net = Network(4, [Dense(5), Dense(len(set(np.asarray(y).tolist())))])
    result = SOLVER.fit(net, X, y, validation=(X, y))
    share = result.accuracy(X, y)
    assert share == result.history.sweeps[-1].train_accuracy
    assert share == result.history.sweeps[-1].validation_accuracy
    assert share > 0.3


NAMED = {
    "an array": WORDS,
    "bytes": WORDS.astype(bytes),
    "objects": WORDS.astype(object),
    "a list": WORDS.tolist(),
    "a series": pd.Series(WORDS),
    "a category": pd.Series(WORDS).astype("category"),
    "pandas strings": pd.Series(WORDS).convert_dtypes(),
}


@pytest.mark.parametrize("kind", NAMED)
def test_words_are_numbered_and_named_again(kind, tmp_path):
    y = NAMED[kind]
    path = tmp_path / "run.npz"
    result = SOLVER.fit(NET, X, y, validation=(X, y), checkpoint=path)
    numbered = SOLVER.fit(NET, X, Y, validation=(X, Y))
    assert result.names == ("no", "perhaps", "yes")
    assert result.history.objective == numbered.history.objective
    said = result.predict(X)
    assert isinstance(said, np.ndarray)
    codes = numbered.predict(X).numpy()
    assert said.tolist() == [result.names[k] for k in codes]
    assert result.accuracy(X, y) == numbered.accuracy(X, Y)
    last = result.history.sweeps[-1]
    assert last.validation_accuracy == result.accuracy(X, y)
    unknown = np.where(WORDS == "yes", "never", WORDS)
    others = WORDS != "yes"
    right = (said == WORDS) & others
    assert result.accuracy(X, unknown) == right.mean()
    # The same numbers under other names are other data.
    with pytest.raises(ValueError, match="another run: the data"):
        SOLVER.fit(NET, X, np.char.upper(WORDS), checkpoint=path)
    with pytest.raises(ValueError, match="start was trained on the classes"):
        SOLVER.fit(NET, X, np.char.upper(WORDS), start=result)
    SOLVER.fit(NET, X, y, start=result)


def holding(value, kind=object):
    x = X.astype(kind)
    x[2, 1] = value
    return x


def ragged():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a prototype of torch
        return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


BAD = [
    ("X", None),
    ("X", 3),
    ("X", "digits"),
    ("X", b"digits"),
    ("X", {"a": 1}),
    ("X", {1, 2}),
    ("X", object()),
    ("X", iter([])),
    ("X", []),
    ("X", [[]]),
    ("X", np.empty((0, 4))),
    ("X", np.empty((6, 0))),
    ("X", np.empty(())),
    ("X", X[0]),
    ("X", X[:, :3]),
    ("X", X.reshape(2, 3, 4)),
    ("X", [[1, 2, 3, 4], [1, 2]]),
    ("X", [[1, 2, 3, 4], "abcd"]),
    ("X", X.astype(complex)),
    ("X", X.astype("M8[s]")),
    ("X", X.astype("m8[s]")),
    ("X", X.astype(str)),
    ("X", X.astype([("a", float)])),
    ("X", holding(None)),
    ("X", holding("a")),
    ("X", holding(1j)),
    ("X", holding([1])),
    ("X", holding(datetime.date(2020, 1, 1))),
    ("X", holding(decimal.Decimal(1))),  # no numbers.Real
    ("X", holding(10**400)),
    ("X", holding(10**300)),
    ("X", holding(np.nan)),
    ("X", holding(np.nan, float)),
    ("X", holding(-np.inf, float)),
    ("X", holding(1e250, float)),
    ("X", np.full((6, 4), 1e-300)),
    ("X", np.full((6, 4), np.longdouble("1e4000"))),
    ("X", np.ma.masked_less(X, 3)),
    ("X", nullable(holding(None))),
    ("X", pd.DataFrame({c: WORDS for c in "abcd"})),
    ("X", scipy.sparse.csr_matrix(X[:, :3])),
    ("X", torch.empty((6, 4), device="meta")),
    ("X", torch.from_numpy(X).to(torch.complex128)),
    ("X", ragged()),
    ("y", None),
    ("y", 1),
    ("y", "yes"),
    ("y", []),
    ("y", Y[:5]),
    ("y", np.eye(6, dtype=int)),
    ("y", [0, 1, 2, 1, 1, None]),
    ("y", ["no", "perhaps", "yes", "perhaps", None, "no"]),
    ("y", ["no", "perhaps", "yes", "perhaps", 1, "no"]),
    ("y", ["no", "yes", "yes", "no", "no", "no"]),
    ("y", list("abcdef")),
    ("y", WORDS[:5]),
    ("y", WORDS.reshape(6, 1)),
    ("y", [0, 1, 2, 1, 1, 10**30]),
    ("y", [0, 1, 2, 1, 1, 2**63]),
    ("y", np.array([0, 1, 2, 1, 1, 2**64 - 1], np.uint64)),
    ("y", [7, 8, 9, 10, 7, 7]),
    ("y", Y / 2),
    ("y", Y * 1j),
    ("y", np.ma.masked_equal(Y, 1)),
    ("y", pd.Series([0, 1, 2, 1, None, 0]).convert_dtypes()),
    ("y", torch.full((6, 3), float("nan"))),
    ("y", np.full((6, 3), 1e300)),
    ("y", np.full((6, 3, 2), 1.0)),
    ("y", Y.astype("M8[s]")),
]
# It ends in a full stop, and says in its one line what is wrong with what.
SENTENCE = re.compile(r"^[^\n]+\.$")


def refused(call, named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnscaledFeaturesWarning)
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
    text = str(caught.value)
    assert type(caught.value) in (TypeError, ValueError), text
    assert text.startswith(named), text
    assert SENTENCE.match(text), text
    assert len(text) < 200, text


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested")
@pytest.mark.parametrize("coupling", ["penalty", "consistent"])
def test_what_is_no_data_is_refused_in_a_sentence(coupling, tally):
    solver = Solver(coupling=coupling, sweeps=2)
    for name, value in BAD:
        x, y = (value, Y) if name == "X" else (X, value)
        refused(lambda x=x, y=y: solver.fit(NET, x, y), name)
        if name == "X":
            pair = value, Y
            refused(
                lambda pair=pair: solver.fit(NET, X, Y, validation=pair),
                "validation: X",
            )
    tally("bad inputs tried", len(BAD))


def test_what_is_no_data_is_refused_by_a_result(tally):
    result, words = SOLVER.fit(NET, X, Y), SOLVER.fit(NET, X, WORDS)
    bad = [value for name, value in BAD if name == "X"]
    for value in bad:
        refused(lambda value=value: result.predict(value), "x ")
        refused(lambda value=value: result.accuracy(value, Y), "x ")
        refused(lambda value=value: words.predict(value), "x ")
    for y in (None, Y[:5], [0, 1, 2, 1, 1, None], Y * 1j, WORDS):
        refused(lambda y=y: result.accuracy(X, y), "y ")
    for y in (None, WORDS[:5], Y, Y / 2):
        refused(lambda y=y: words.accuracy(X, y), "y ")
    tally("bad inputs tried", len(bad) + 9)


JUNK = [None, "", "a", b"a", -1, 0, 1.5, 10**30, 1e300, -1e-300, True]
JUNK += [float("nan"), float("inf"), 1j, [], [0], [-1.0], {}, (), object()]
JUNK += [np.zeros(2), torch.zeros(2), np.float32(3), print, Dense, [None]]


def settings():
    names = ["coupling", "sweeps", "loss", "g_step", "initialisation"]
    names += ["scale", "tol", "step_tol", "time_limit", "schedule", "dtype"]
    weights = ["gamma", "rho", "tau", "alpha", "ridge", "v_bounds"]
    for value in JUNK:
        for name in names:
            yield name, lambda n=name, v=value: Solver(**{n: v})
        for name in weights:
            yield name, lambda n=name, v=value: Penalties(**{n: v})
        for name in ("seed", "validation", "checkpoint", "callbacks"):
            yield (
                name,
                lambda n=name, v=value: SOLVER.fit(NET, X, Y, **{n: v}),
            )
        yield "start", lambda v=value: SOLVER.fit(NET, X, Y, start=v)
        yield "network", lambda v=value: SOLVER.fit(v, X, Y)
        yield "device", lambda v=value: Solver(device=v).problem(NET, X, Y)
        for name in ("activation", "structure", "bias"):
            yield name, lambda n=name, v=value: Dense(3, **{n: v})
        for name in ("kernel_size", "stride", "padding"):
            yield (
                name,
                lambda n=name, v=value: Network(
                    (1, 5, 5),
                    [Conv2d(1, **{"kernel_size": 1, n: v}), Dense(2)],
                ),
            )
        for kind in (TensorTrain, LowRank):
            yield "rank", lambda k=kind, v=value: k(v)
        for name in ("modes", "pairs", "rtol"):
            yield name, lambda n=name, v=value: TensorTrain(2, **{n: v})
        yield "sparsity", lambda v=value: Sparse(v)
        yield "ratio", lambda v=value: NET.at_ratio(v)
        yield "ratio", lambda v=value: Sparse(0.5).at_ratio((3, 4), v)
        yield "sweeps", lambda v=value: Gradual(v)
        yield "every_seconds", lambda v=value: Checkpoint("a", v)
        yield "input_shape", lambda v=value: Network(v, [Dense(2)])
        yield "layers", lambda v=value: Network(4, v)
        yield "layers", lambda v=value: Network(4, [v])
        yield "out_features", lambda v=value: Network(4, [Dense(v)])


def test_junk_in_a_setting_is_refused_or_taken(tally, tmp_path, monkeypatch):
    """No error but TypeError and ValueError, and these name the setting."""
    monkeypatch.chdir(tmp_path)  # "a" is the name of a file
    tried = 0
    for name, call in settings():
        tried += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                call()
            except (TypeError, ValueError) as error:
                text = str(error)
                assert name in text, (name, text)
                assert SENTENCE.match(text), text
    tally("bad inputs tried", tried)


def test_random_data_with_faults(how_many, tally):
    """Shapes, types and entries at random: a result or a sentence."""
    rng, tries = random.Random(0), how_many(1000)
    kinds = [np.float64, np.float32, np.int8, object, str, bool, complex]
    extremes = [np.nan, np.inf, 1e308, -1e308, 5e-324, 0.0, 1e16]
    for _ in range(tries):
        shape = [rng.choice([0, 1, 2, 6]) for _ in range(rng.randrange(4))]
        if rng.random() < 0.7:
            shape = [rng.choice([1, 2, 6]), 4]
        x = np.array(RNG.standard_normal(shape))
        for _ in range(rng.choice([0, 0, 1, 3])):
            if x.size:
                x.flat[rng.randrange(x.size)] = rng.choice(extremes)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = x.astype(rng.choice(kinds))
            rows = shape[0] if shape and rng.random() < 0.9 else 3
            labels = [rng.randrange(-1, 4) for _ in range(rows)]
            y = np.array(labels, int)
            if rng.random() < 0.2:
                y = np.eye(3)[y % 3]
            y = y.astype(rng.choice(kinds))
            dtype = rng.choice(["float64", "float32"])
            coupling = rng.choice(["penalty", "constraint", "consistent"])
            solver = Solver(coupling=coupling, sweeps=2, dtype=dtype)
            try:
                result = solver.fit(NET, x, y)
            except (TypeError, ValueError) as error:
                assert SENTENCE.match(str(error)), error
                continue
        assert bool(torch.isfinite(result.decision(X)).all())
    tally("bad inputs tried", tries)


def test_a_baseline_refuses_words_in_a_sentence():
    with pytest.raises((TypeError, ValueError)):
        adam(NET, X, WORDS, epochs=1)
