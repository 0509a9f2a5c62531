"""The estimators keep scikit-learn's contract, and a few promises more."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nnbcd
from nnbcd import Sparse, TensorTrain
from nnbcd.estimator import NNBCDClassifier, NNBCDRegressor
from nnbcd.estimator.rows import canonical
from nnbcd.estimator.weighted import Weighted
from nnbcd.losses import CrossEntropy, Squared

X, Y = load_iris(return_X_y=True)
Z, T = load_diabetes(return_X_y=True)
FAST = {"hidden": (16,), "sweeps": 5, "random_state": 0}


@parametrize_with_checks(
    [
        NNBCDClassifier((20,), sweeps=10),
        NNBCDClassifier((20,), loss="squared", sweeps=10),
        NNBCDClassifier((20,), Sparse(0.5), sweeps=10),
        NNBCDRegressor((20,), sweeps=10),
    ]
)
def test_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("coupling", ["consistent", "constraint", "penalty"])
@pytest.mark.parametrize("kind", [NNBCDClassifier, NNBCDRegressor])
def test_whole_weights_are_repeated_rows(kind, coupling):
    x, y = (X, Y) if kind is NNBCDClassifier else (Z[:150], T[:150])
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    order = np.random.default_rng(1).permutation(int(weights.sum()))
    many = np.repeat(np.arange(len(y)), weights)[order]
    model = kind(coupling=coupling, **FAST)
    one = clone(model).fit(x, y, sample_weight=weights)
    two = clone(model).fit(x[many], y[many])
    np.testing.assert_array_equal(one.predict(x), two.predict(x))
    tripled = clone(model).fit(x, y, sample_weight=3.0 * weights)
    np.testing.assert_array_equal(one.predict(x), tripled.predict(x))
    plain = clone(model).fit(x, y)
    assert plain.loss_ != one.loss_


@pytest.mark.parametrize("kind", [NNBCDClassifier, NNBCDRegressor])
def test_real_weights_enter_the_loss(kind):
    x, y = (X, Y) if kind is NNBCDClassifier else (Z[:150], T[:150])
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.2, 2.0, len(y))
    weights[::3] = 0.0
    model = kind(**FAST).fit(x, y, sample_weight=weights)
    phi = model.history_.objective
    assert all(b <= a for a, b in zip(phi, phi[1:], strict=False))
    assert model.loss_ < 0.5 * phi[0]
    # Computed by hand: the weighted sum at the end.
    live = weights > 0
    w = weights[live] / weights[live].mean()
    if kind is NNBCDClassifier:
        p = model.predict_proba(x[live])
        rows = -np.log(p[np.arange(len(p)), y[live]])
    else:
        gap = model.predict(x[live]) - y[live]
        mean = np.average(y[live], weights=w)
        scale = np.average((y[live] - mean) ** 2, weights=w) ** 0.5
        rows = 0.5 * (gap / scale) ** 2
    assert float((w * rows).sum()) == pytest.approx(model.loss_, rel=1e-8)


def test_a_row_of_more_weight_is_fitted_better():
    x = np.zeros((3, 2))
    y = np.array([0.0, 1.0, 10.0])
    weights = np.array([0.5, 8.3, 0.1])
    model = NNBCDRegressor((4,), sweeps=60, random_state=0)
    model.fit(x, y, sample_weight=weights)
    wanted = np.average(y, weights=weights)
    assert model.predict(x)[0] == pytest.approx(wanted, rel=1e-2)


def test_weights_are_refused_in_words():
    model = NNBCDClassifier(coupling="penalty", **FAST)
    with pytest.raises(ValueError, match="coupling='consistent'"):
        model.fit(X, Y, sample_weight=np.linspace(0.1, 1.3, len(Y)))
    model = NNBCDClassifier(**FAST)
    with pytest.raises(ValueError, match="must not be negative"):
        model.fit(X, Y, sample_weight=-np.ones(len(Y)))
    with pytest.raises(ValueError, match="positive for one|non-zero number"):
        model.fit(X, Y, sample_weight=np.zeros(len(Y)))
    with pytest.raises(ValueError, match="1 class"):
        model.fit(X, Y, sample_weight=(Y == 1).astype(float))


def test_the_order_of_the_rows_does_not_matter():
    order = np.random.default_rng(0).permutation(len(Y))
    one = NNBCDClassifier(**FAST).fit(X, Y)
    two = NNBCDClassifier(**FAST).fit(X[order], Y[order])
    np.testing.assert_array_equal(
        one.decision_function(X), two.decision_function(X)
    )


def test_canonical_rows():
    x = np.array([[1.0], [-0.0], [0.0], [2.0]])
    y = np.array([5, 1, 1, 7])
    rows, targets, weights = canonical(x, y, None)
    assert weights is None
    assert sorted(zip(rows[:, 0], targets, strict=True)) == [
        (0, 1),
        (0, 1),
        (1, 5),
        (2, 7),
    ]
    rows, _, weights = canonical(x, y, np.array([0.5, 1.25, 1.0, 0.0]))
    assert weights is not None
    assert dict(zip(rows[:, 0], weights, strict=True)) == pytest.approx(
        {1.0: 0.5 * 3 / 2.75, 0.0: 2.25 * 3 / 2.75}
    )
    # Too many repetitions stay weights.
    rows, _, weights = canonical(x, y, np.array([1e6, 1.0, 0.0, 1.0]))
    assert weights is not None
    assert len(rows) == 3


@pytest.mark.parametrize("inner", [Squared(), CrossEntropy()])
def test_the_weighted_loss(inner):
    g = torch.Generator().manual_seed(0)
    v = torch.randn(6, 3, generator=g, dtype=torch.float64)
    y = torch.eye(3, dtype=torch.float64)[[0, 1, 2, 0, 1, 2]]
    w = torch.tensor([1.0, 2, 3, 1, 1, 2], dtype=torch.float64)
    loss = Weighted(inner, 3.0)
    joint = torch.cat([y, w[:, None]], 1)
    many = torch.repeat_interleave(torch.arange(6), w.long())
    wanted = inner.value(v[many], y[many])
    torch.testing.assert_close(loss.value(v, joint), wanted)
    free = v.clone().requires_grad_()
    loss.value(free, joint).backward()
    slope = loss.subgradient(v, joint, torch.zeros_like(v))
    torch.testing.assert_close(slope, free.grad)
    moved = loss.target(v, joint)
    torch.testing.assert_close(moved[2], inner.target(v, y)[2])
    assert float(loss.value(moved, joint)) < float(loss.value(v, joint))


def test_labels_are_decoded():
    names = np.array(["setosa", "versicolor", "virginica"])[Y]
    model = NNBCDClassifier(**FAST).fit(X, names)
    assert set(model.predict(X)) <= set(names)
    assert model.score(X, names) > 0.9
    flags = NNBCDClassifier(**FAST).fit(X, Y == 2)
    assert flags.predict(X).dtype == bool
    assert flags.decision_function(X).shape == (150,)


def test_probabilities_only_where_they_are_some():
    model = NNBCDClassifier(**FAST).fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1.0)
    squared = NNBCDClassifier(loss="squared", **FAST).fit(X, Y)
    assert not hasattr(squared, "predict_proba")
    assert squared.decision_function(X).shape == (150, 3)


def test_in_a_pipeline_and_a_search():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NNBCDClassifier(**FAST)),
        {"nnbcdclassifier__structure": [None, Sparse(0.5), Sparse(0.9)]},
        cv=3,
    )
    search.fit(X, Y)
    assert search.best_score_ > 0.9
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    model = NNBCDClassifier(**FAST).fit(frame, Y)
    assert list(model.feature_names_in_) == list("abcd")
    assert model.n_features_in_ == 4


def test_warm_start_goes_on():
    model = NNBCDClassifier(warm_start=True, **FAST).fit(X, Y)
    first = model.loss_
    model.fit(X, Y)
    assert model.loss_ < first
    assert model.history_.initial_objective == pytest.approx(first, rel=1e-6)
    with pytest.raises(ValueError, match="warm_start needs the classes"):
        model.fit(X[:100], Y[:100])
    model = NNBCDClassifier(**FAST).fit(X, Y)
    again = model.loss_
    assert model.fit(X, Y).loss_ == again


def test_sizes_and_the_certificate():
    digits, labels = load_digits(return_X_y=True)
    model = NNBCDClassifier(
        (64, 64), TensorTrain(1), ratio=0.4, sweeps=5, random_state=0
    ).fit(digits, labels)
    result = model.result_
    assert result.parameters <= 0.4 * result.dense_parameters
    assert model.score(digits, labels) > 0.8
    assert result.certificate().monotone
    assert model.n_iter_ == 5


@pytest.mark.parametrize("many", [False, True])
def test_the_module_predicts_the_same(many, tmp_path):
    targets = np.column_stack([T, -T, T**2]) if many else T
    model = NNBCDRegressor(**FAST).fit(Z, targets)
    module = model.to_module()
    out = module(torch.tensor(Z)).detach().numpy()
    wanted = model.predict(Z)
    np.testing.assert_allclose(out if many else out[:, 0], wanted, rtol=1e-9)
    classifier = NNBCDClassifier(**FAST).fit(X, Y)
    nnbcd.save(classifier.to_module(), tmp_path / "iris.safetensors")
    again = nnbcd.load(tmp_path / "iris.safetensors")
    scores = again(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(scores, classifier.decision_function(X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": (0,)}, "hidden must be"),
        ({"hidden": "many"}, "hidden must be"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"sweeps": 0}, "sweeps"),
        ({"coupling": "loose"}, "coupling"),
        ({"activation": "sine"}, "activation"),
        ({"structure": Sparse(0.5), "ratio": 2.0}, "ratio"),
    ],
)
def test_parameters_are_refused_when_fitted(options, message):
    with pytest.raises(ValueError, match=message):
        NNBCDClassifier(**{**FAST, **options}).fit(X, Y)
