"""The unit of X does not matter under the default coupling."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nnbcd import (
    Dense,
    Free,
    LowRank,
    Network,
    Solver,
    Sparse,
    TensorTrain,
    UnscaledFeaturesWarning,
)
from nnbcd.datasets import digits
from nnbcd.estimator import NNBCDRegressor

UNITS = (1e-3, 1 / 255, 255, 1e3)
KINDS = {
    "free": Free(),
    "sparse": Sparse(0.9),
    "low-rank": LowRank(16),
    "train": TensorTrain(16),
}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_unit_of_x_does_not_change_the_accuracy(kind, seed):
    data, layer = digits(), Dense(64, structure=KINDS[kind])
    found = {}
    for unit in (1.0, *UNITS):
        result = Solver(sweeps=4).fit(
            Network(64, [layer, Dense(10)]),
            unit * data.x_train,
            data.y_train,
            seed=seed,
        )
        assert result.history.objective_increases == 0
        found[unit] = result.accuracy(unit * data.x_test, data.y_test)
    assert found[1.0] > 0.85
    assert max(found.values()) - min(found.values()) <= 0.01, found


@pytest.mark.parametrize("size", [1.7e9, 1.7e18])
def test_unit_of_x_a_nearly_constant_column_is_standardised(size):
    """Seconds since 1970, within a millisecond: what is told is kept."""
    rng = np.random.default_rng(0)
    z = rng.random(400)
    x = np.c_[size * (1 + z * 1e-3 / 1.7e9), rng.normal(size=400)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnscaledFeaturesWarning)
        alone = NNBCDRegressor((32,), random_state=0).fit(x, z)
    scaled = make_pipeline(
        StandardScaler(), NNBCDRegressor((32,), random_state=0)
    ).fit(x, z)
    assert alone.score(x, z) > 0.99
    assert alone.score(x, z) == pytest.approx(scaled.score(x, z), abs=1e-3)


def test_unit_of_x_mixed_units_are_still_named():
    data = digits()
    x = data.x_train.copy()
    x[:, 20] *= 1e4
    with pytest.warns(UnscaledFeaturesWarning, match="standardise X"):
        Solver(sweeps=1).fit(Network(64, [Dense(10)]), x, data.y_train)
