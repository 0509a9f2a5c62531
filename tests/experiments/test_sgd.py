"""TT, CP and Tucker by SGD."""

import numpy as np
import pytest
import torch

from nnbcd.datasets import Dataset
from nnbcd.experiments import BY_NAME
from nnbcd.experiments.networks import chain
from nnbcd.experiments.sgd import decomposed_sgd, rank_for
from nnbcd.structures import TensorTrain


def rows(n=300):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    return rng.standard_normal((n, 16)) + 2.0 * np.eye(16)[y], y


NETWORK = chain(16, (32, 24), [TensorTrain(4)] * 2, 3)


@pytest.mark.parametrize("kind", ["tt", "cp", "tucker"])
def test_it_learns_within_its_budget(kind):
    if kind != "tt":
        pytest.importorskip("tltorch", reason="needs the extra: tensorly")
    x, y = rows()
    options = {"validation": (x, y), "kind": kind, "ratio": 0.6}
    options |= {"epochs": 12, "batch": 20}
    run = decomposed_sgd(NETWORK, x, y, **options)
    assert run.accuracy > 0.85
    assert run.records[-1].loss < run.records[0].loss
    assert run.parameters <= 0.6 * run.dense_parameters
    assert run.parameters > 0.5 * run.dense_parameters
    again = decomposed_sgd(NETWORK, x, y, **options)
    assert again.records[-1].loss == run.records[-1].loss
    assert all(map(torch.equal, run.model.dense(), again.model.dense()))


@pytest.mark.parametrize("kind", ["cp", "tucker"])
def test_the_rank_is_the_largest_that_fits(kind):
    def stored(rank):
        middle = rank if kind == "cp" else rank**2
        pairs = rank * (16 + 32) + rank * (32 + 24) + 2 * middle
        return pairs + 3 * 24 + 32 + 24 + 3

    for ratio in (0.4, 0.6):
        rank = rank_for(NETWORK, kind, ratio)
        budget = ratio * NETWORK.dense_parameters
        assert stored(rank) <= budget < stored(rank + 1)


def test_the_arms_have_the_authors_ratios():
    x, y = rows(6)
    data = Dataset("none", x, y, x, y)
    arms = {a.name: a for a in BY_NAME["decompositions"].arms(data)}
    assert {n: a.options["ratio"] for n, a in arms.items()} == {
        "sgd-tt": 0.1883,
        "sgd-cp": 0.2191,
        "sgd-tucker": 0.1949,
    }


def test_another_kind_is_refused():
    x, y = rows(30)
    with pytest.raises(ValueError, match="kind must be"):
        decomposed_sgd(NETWORK, x, y, validation=(x, y), kind="svd")
