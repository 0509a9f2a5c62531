"""The input boundary: what is taken, what is refused, and how."""

import subprocess
import sys
import warnings

import jaxtyping
import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.preprocessing import StandardScaler

from nnbcd import (
    CrossEntropy,
    Dense,
    Hinge,
    Network,
    Penalties,
    Solver,
    UnscaledFeaturesWarning,
)
from nnbcd.datasets import digits

NET = Network(4, [Dense(5), Dense(3)])
X = np.random.default_rng(0).standard_normal((6, 4))
Y = np.array([0, 1, 2, 1, 1, 0])


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """What users see, who have no checker before our own sentences."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def bind(x=X, y=Y, net=NET, **options):
    return Solver(**{"coupling": "penalty", **options}).problem(net, x, y)


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        X.astype(np.float32),
        np.asfortranarray(X),
        X[:, ::-1],
        X.astype(">f8"),
        (100 * X).astype(np.int16),
        X > 0,
        X.reshape(6, 2, 2),
        torch.from_numpy(X),
        torch.from_numpy(X).to(torch.float16),
    ],
    ids=lambda x: str(getattr(x, "dtype", "list")),
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_of_every_kind(x, dtype):
    problem = bind(x, dtype=dtype)
    wanted = np.asarray(x, dtype=dtype).reshape(6, 4)
    assert problem.x.dtype == getattr(torch, dtype)
    np.testing.assert_array_equal(problem.x.numpy(), wanted)


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    problem = bind(pandas.DataFrame(X), pandas.Series(Y))
    np.testing.assert_array_equal(problem.x.numpy(), X)


def test_an_array_that_cannot_be_written():
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    result = Solver(coupling="penalty", sweeps=1).fit(NET, x, y)
    assert result.accuracy(x, y) >= 0


@pytest.mark.parametrize("wrap", [np.array, torch.tensor])
def test_later_changes_to_the_data_have_no_effect(wrap):
    x, y = wrap(X), wrap(Y)
    problem = bind(x, y)
    x[0, 0], y[0] = 99.0, 2
    assert problem.x[0, 0] == X[0, 0]
    assert problem.y[0].tolist() == [1, 0, 0]


def test_no_graph_is_built():
    x = torch.tensor(X, requires_grad=True)
    state = Solver(coupling="penalty", sweeps=1).fit(NET, x, Y).state
    assert not any(t.requires_grad for t in (*state.w, *state.u, *state.v))


@pytest.mark.parametrize(
    "labels", [[0, 1, 2, 1, 1, 0], [1, 2, 3], [7, -3, 12], [5, 5, 9, 11]]
)
def test_labels_are_coded_in_order(labels):
    problem = bind(X[: len(labels)], labels)
    columns = problem.y.argmax(1)
    assert problem.classes[columns].tolist() == labels
    assert problem.classes.tolist() == sorted(set(labels))


def test_labels_in_range_need_not_all_occur():
    problem = bind(X[:2], [2, 2])
    assert problem.classes.tolist() == [0, 1, 2]
    assert problem.y.tolist() == [[0, 0, 1]] * 2


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16])
def test_labels_of_every_kind(dtype):
    net = Network(4, [Dense(2)])
    problem = bind(X, (Y > 0).astype(dtype), net)
    assert problem.y.argmax(1).tolist() == (Y > 0).astype(int).tolist()


def test_hinge_labels_are_signs():
    problem = bind(loss=Hinge())
    assert problem.y[0].tolist() == [1, -1, -1]


def test_regression_targets():
    problem = bind(y=X[:, :3])
    assert problem.classes is None
    np.testing.assert_array_equal(problem.y.numpy(), X[:, :3])
    one = bind(y=X[:, 0], net=Network(4, [Dense(1)]))
    assert one.y.shape == (6, 1)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X[:, :3]}, "X has 3 features.*takes 4: change input_shape"),
        ({"x": X[0]}, r"X must have shape \(N, 4\)"),
        ({"x": X[:0], "y": Y[:0]}, "X must have shape.*N >= 1"),
        ({"x": NAN * X}, "X has NaN.*6 rows: clean"),
        ({"x": np.where(np.eye(6, 4) > 0, INF, X)}, "X has NaN.*4 rows"),
        (
            {"x": 1e300 * X, "dtype": "float32"},
            "X has.*overflows in float32",
        ),
        ({"y": Y[:5]}, "y has 5 rows, but X has 6"),
        ({"y": np.array(1)}, "y has 0 rows"),
        ({"y": Y[:, None]}, r"y must be a vector of labels.*\(6, 1\)"),
        ({"y": 10 * Y + np.arange(6)}, "y has 6 classes.*give the last"),
        ({"y": np.full(6, -1)}, "y has 1 classes.*3 outputs"),
        ({"y": X[:, :2]}, "y has 2 columns.*3 outputs"),
        ({"y": X[:, :3] * NAN}, "y has NaN"),
        ({"y": X[:, :3], "loss": Hinge()}, "y holds floats.*'hinge'"),
        ({"y": X[:, :3], "loss": CrossEntropy()}, "y holds floats"),
        ({"x": [[1, 2, 3, 4], [1]], "y": Y[:2]}, "X"),
    ],
)
def test_bad_data_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        bind(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.full((6, 4), "a")}, "X must be numeric"),
        ({"x": None}, "X must be numeric"),
        ({"x": X + 1j}, "X must be"),
        ({"x": torch.from_numpy(X + 1j)}, "X must be"),
        ({"y": [object()] * 6}, "y must be numeric"),
    ],
)
def test_a_wrong_kind_is_refused_by_name(change, message):
    with pytest.raises((TypeError, ValueError), match=message):
        bind(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gamma": 0.0}, "gamma must"),
        ({"gamma": -1.0}, "gamma must"),
        ({"rho": NAN}, "rho must"),
        ({"rho": (1.0, 0.0)}, "rho must"),
        ({"tau": INF}, "tau must"),
        ({"tau": "0.5"}, "tau must"),
        ({"alpha": -1e-9}, "alpha must"),
        ({"alpha": None}, "alpha must"),
        ({"ridge": (0.0, -1.0)}, "ridge must"),
        ({"v_bounds": (1.0, 1.0)}, "v_bounds"),
        ({"v_bounds": (2.0, 1.0)}, "v_bounds"),
        ({"v_bounds": (NAN, 1.0)}, "v_bounds"),
        ({"v_bounds": (0.0,)}, "v_bounds"),
        ({"v_bounds": 1.0}, "v_bounds"),
        ({"v_bounds": (0.0, None)}, "v_bounds"),
        ({"v_bounds": (0.0, 1.0, 2.0)}, "v_bounds"),
    ],
)
def test_bad_penalties_are_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        Penalties(**change)


def test_penalties_per_layer():
    with pytest.raises(ValueError, match="alpha has 3 values for 2 layers"):
        bind(penalties=Penalties(alpha=[1, 2, 3]))
    layers = Penalties(
        gamma=[1, 2], tau=np.float32(3), v_bounds=(0, INF)
    ).resolve(2)
    assert [p.gamma for p in layers] == [1.0, 2.0]
    assert [p.tau for p in layers] == [3.0, 3.0]
    assert [p.bounds for p in layers] == [(0, INF), None]
    assert Penalties(alpha=0, ridge=0).resolve(1)[0].alpha == 0


def bind_set(x, y):
    return bind(x, y, Network(x.shape[1], [Dense(int(y.max()) + 1)]))


@pytest.mark.parametrize(
    ("load", "factor"), [(load_wine, "313"), (load_breast_cancer, "5722")]
)
def test_columns_in_raw_units_warn_until_they_are_standardised(load, factor):
    x, y = load(return_X_y=True)
    message = f"a column of X is {factor} times.*: standardise X"
    with pytest.warns(UnscaledFeaturesWarning, match=message) as caught:
        bind_set(x, y)
    assert len(caught) == 1
    # Every warning is an error here.
    bind_set(StandardScaler().fit_transform(x), y)


def test_the_warning_shows_the_line_of_the_caller():
    """In a process of its own: the shape checker adds frames."""
    program = (
        "from nnbcd import Dense, Network, Solver\n"
        "x, net = [[1.0, 1.0, 1e6]], Network(3, [Dense(1)])\n"
        "Solver(sweeps=1).fit(net, x, [0.5])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("<string>:3: UnscaledFeaturesWarning: a c")


def pixels():
    """Dark but for a centre; most columns at the rim are never lit."""
    rng = np.random.default_rng(0)
    place = np.linspace(-4, 4, 28) ** 2
    light = np.exp(-0.5 * (place[:, None] + place)).ravel()
    x = np.floor(255.9 * light * rng.random((300, 784)))
    assert (x.max(0) == 0).sum() > 300
    return x, np.arange(300) % 10


def iris():
    return load_iris(return_X_y=True)


def training_digits():
    data = digits()
    return data.x_train, data.y_train


@pytest.mark.parametrize("load", [iris, training_digits, pixels])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 255.0])
def test_columns_of_one_unit_do_not_warn(load, unit):
    x, y = load()
    bind_set(unit * x, y)


@pytest.mark.parametrize("last", [0.0, 90.0, 110.0])
def test_the_limit_is_a_hundred_medians_of_what_is_not_zero(last):
    x = np.array([[0, 1, 1, last], [0, -1, 1, -last]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bind(x, [0, 1])
    assert len(caught) == (last > 100)
    bind(0 * x, [0, 1])
