"""What a run returns: predictions, counts, words."""

import numpy as np
import pytest
import torch

from nnbcd import (
    Conv2d,
    Dense,
    LowRank,
    Network,
    ReLU,
    Solver,
    Sparse,
    Status,
    TensorTrain,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 12))
Y = RNG.integers(0, 3, 20) * 10 - 5  # labels -5, 5, 15


def fit(layers, x=X, y=Y, **options):
    network = Network(x.shape[1:], layers)
    return Solver(**{"coupling": "penalty", "sweeps": 3, **options}).fit(
        network, x, y
    )


def by_hand(result, x):
    """The network with its compressed weights, layer by layer."""
    v = torch.from_numpy(x).flatten(1)
    last = len(result.state.w) - 1
    for i, w in enumerate(result.state.w):
        g, b = result.state.g[i], result.state.b[i]
        dense = w if g is None else g.dense
        if isinstance(result.network.layers[i], Conv2d):
            kernel = dense.reshape(w.shape[0], 1, 2, 2)
            v = torch.nn.functional.conv2d(v.reshape(-1, 1, 3, 4), kernel, b)
            v = v.flatten(1)
        else:
            v = v @ dense.T + (0 if b is None else b)
        v = v if i == last else v.clamp(min=0)
    return v


LAYERS = {
    "free": [Dense(9), Dense(3)],
    "sparse": [Dense(9, structure=Sparse(0.8)), Dense(3)],
    "train": [Dense(8, structure=TensorTrain(2), bias=False), Dense(3)],
    "low-rank": [Dense(9), Dense(8, structure=LowRank(2)), Dense(3)],
}
every = pytest.mark.parametrize("name", LAYERS)


@every
def test_predictions_are_those_of_the_compressed_network(name):
    result = fit(LAYERS[name])
    scores = by_hand(result, X)
    torch.testing.assert_close(result.decision(X), scores)
    labels = torch.tensor([-5, 5, 15])[scores.argmax(1)]
    assert torch.equal(result.predict(X), labels)
    share = float((labels == torch.from_numpy(Y)).double().mean())
    assert result.accuracy(X, Y) == pytest.approx(share)


def test_images():
    x = X.reshape(20, 1, 3, 4)
    result = fit([Conv2d(2, 2, structure=Sparse(0.5)), Dense(3)], x)
    torch.testing.assert_close(result.decision(x), by_hand(result, x))
    assert torch.equal(result.predict(X), result.predict(x))


def test_regression():
    result = fit([Dense(4), Dense(2)], y=X[:, :2])
    assert result.classes is None
    assert torch.equal(result.predict(X), result.decision(X))
    with pytest.raises(ValueError, match="accuracy needs a classifier"):
        result.accuracy(X, Y)


@every
def test_counts(name):
    result = fit(LAYERS[name])
    network = result.network
    assert result.parameters == network.parameters
    assert result.dense_parameters == network.dense_parameters
    ratio = network.dense_parameters / network.parameters
    assert result.compression == pytest.approx(ratio)
    zeros = sum(int((w == 0).sum()) for w in result.state.weights())
    total = sum(w.numel() for w in result.state.w)
    assert result.sparsity == pytest.approx(zeros / total)
    assert result.effective_sparsity >= result.sparsity


def test_effective_sparsity_counts_what_is_dead():
    result = fit([Dense(9, structure=Sparse(0.98)), Dense(3)])
    alive = result.state.g[0].dense.any(1)
    assert 0 < int(alive.sum()) <= 2
    kept = int((result.state.g[0].dense != 0).sum()) + 3 * int(alive.sum())
    assert result.effective_sparsity == pytest.approx(1 - kept / (9 * 15))


def test_words():
    result = fit(LAYERS["sparse"])
    text = repr(result)
    assert "MAX_SWEEPS, 3 sweeps" in text
    assert f"{result.parameters} of {result.dense_parameters}" in text
    assert len({str(status) for status in Status}) == len(Status)
    assert result.network.activations[0] == ReLU()


def test_wrong_shapes_are_refused():
    result = fit(LAYERS["free"])
    with pytest.raises(ValueError, match="11 features.*takes 12"):
        result.predict(X[:, 1:])
    for y in (Y[:5], Y[:, None]):
        with pytest.raises(ValueError, match="y"):
            result.accuracy(X, y)
