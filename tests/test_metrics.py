"""Balanced accuracy, stored bytes, peak memory."""

import gc
import json

import numpy as np
import pytest
import torch
from deploy_cases import NETWORKS, rows, trained
from sklearn.metrics import balanced_accuracy_score
from torch import nn

from nnbcd import (
    Dense,
    Free,
    LowRank,
    Network,
    Solver,
    Sparse,
    TensorTrain,
    load,
    save,
)
from nnbcd.__main__ import main
from nnbcd.baselines import FactorisedNetwork, train
from nnbcd.deploy import report
from nnbcd.metrics import PeakMemory, balanced_accuracy, stored_bytes

# --- balanced accuracy ---------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_balanced_accuracy_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    classes = rng.integers(2, 6)
    shares = rng.dirichlet(np.ones(classes))
    truth = 3 * rng.choice(classes, 200, p=shares) - 4
    found = np.where(rng.random(200) < 0.6, truth, rng.permutation(truth))
    wanted = balanced_accuracy_score(truth, found)
    assert balanced_accuracy(truth, found) == pytest.approx(wanted, abs=1e-15)
    tensors = torch.from_numpy(truth), torch.from_numpy(found)
    assert balanced_accuracy(*tensors) == balanced_accuracy(truth, found)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_a_class_that_is_only_predicted_counts_for_nothing():
    truth, found = [1, 1, 2, 2], [1, 9, 2, 2]
    assert balanced_accuracy(truth, found) == 0.75
    assert balanced_accuracy_score(truth, found) == 0.75


def test_guessing_the_larger_class_is_chance():
    truth = np.r_[np.zeros(98), np.ones(2)].astype(int)
    assert balanced_accuracy(truth, np.zeros(100, int)) == 0.5


@pytest.mark.parametrize(
    ("truth", "found"),
    [([0, 1], [0]), ([], []), ([[0, 1]], [[0, 1]]), (0, 0)],
)
def test_labels_must_be_vectors_of_one_length(truth, found):
    with pytest.raises(ValueError, match="vectors of one length"):
        balanced_accuracy(truth, found)


# --- bytes ---------------------------------------------------------------

# A weight (6, 8) and a last layer (2, 6), both with biases, float32.
REST = 4 * (6 + 2 * 6 + 2)
LABELS = 2 * 8  # of two classes, in int64
BYTES = {
    "free": (Free(), 4 * 48),
    # 12 entries, and one bit for each of the 48: columns would take 18
    "sparse": (Sparse(0.75), 12 * 4 + 6),
    # 2 entries; a column of one byte each and 6 counts are no more than bits
    "very sparse": (Sparse(0.96), 2 * 4 + 6),
    "low rank": (LowRank(2), 4 * 2 * (6 + 8)),
    # modes 2, 3, 2, 4 and bonds 2, 2, 2
    "train": (
        TensorTrain(2, modes=(2, 3, 2, 4)),
        4 * (2 * 2 + 2 * 3 * 2 + 2 * 2 * 2 + 2 * 4),
    ),
}


def small(structure):
    return Network((8,), [Dense(6, structure=structure), Dense(2)])


@pytest.mark.parametrize(("structure", "first"), BYTES.values(), ids=BYTES)
def test_bytes_counted_by_hand(structure, first):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 8)), np.arange(40) % 2
    network = small(structure)
    adam = train(network, x, y, validation=(x, y), epochs=1)
    assert stored_bytes(adam) == first + REST + LABELS
    assert stored_bytes(adam.model) == first + REST
    for coupling in ("penalty", "constraint", "consistent"):
        solver = Solver(coupling=coupling, sweeps=1, dtype="float32")
        found = stored_bytes(solver.fit(network, x, y))
        assert found == first + REST + LABELS
    if not isinstance(structure, Sparse):
        assert stored_bytes(adam.model) == 4 * network.parameters


def test_double_precision_doubles_the_numbers_not_the_places():
    model = FactorisedNetwork(small(Sparse(0.75))).double()
    assert stored_bytes(model) == 12 * 8 + 6 + 2 * REST


def test_a_wide_sparse_weight_stores_short_columns():
    network = Network((300,), [Dense(100, structure=Sparse(0.99)), Dense(2)])
    kept, biases = 300, 100 + 200 + 2
    # 300 columns do not fit in one byte; a bitmap would take 3,750
    expected = 4 * (kept + biases) + 2 * (kept + 100)
    assert stored_bytes(FactorisedNetwork(network)) == expected


def test_layers_without_bias_store_none():
    layers = [Dense(6, bias=False), Dense(2, bias=False)]
    network = Network((8,), layers)
    x, y = np.eye(8), np.arange(8) % 2
    result = Solver(sweeps=1).fit(network, x, y)
    assert stored_bytes(result) == 8 * (48 + 12) + LABELS
    assert stored_bytes(FactorisedNetwork(network)) == 4 * (48 + 12)


@pytest.mark.parametrize("name", NETWORKS)
def test_one_count_of_bytes_whoever_is_asked(name, tmp_path, capsys):
    result, path = trained(name), tmp_path / "model"
    module = result.to_module()
    save(result, path)
    count = stored_bytes(result)
    assert count == stored_bytes(module) == stored_bytes(load(path))
    assert count == report(module, batches=()).total.stored_bytes
    assert main(["inspect", str(path), "--batch", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert count == facts["total"]["stored_bytes"]
    assert count == path.stat().st_size - facts["header_bytes"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_module_of_a_baseline_computes_the_same(name):
    model = FactorisedNetwork(trained(name).network, seed=3)
    x = rows(name, 5).float()
    module = model.to_module()
    with torch.no_grad():
        torch.testing.assert_close(module(x), model(x.flatten(1)))
    stored = sum(x.numel() for x in module.state_dict().values())
    if not any(isinstance(w.structure, Sparse) for w in model.weights):
        assert stored == model.stored


def test_a_part_in_two_places_counts_once():
    layer = nn.Linear(3, 3)
    assert stored_bytes(nn.Sequential(layer, nn.ReLU(), layer)) == 4 * 12


def test_bytes_of_any_module():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    # weight, bias; scale, shift, mean, variance; a count in int64
    assert stored_bytes(module) == 4 * (12 + 4 + 4 * 4) + 8


# --- memory --------------------------------------------------------------

MEGA = 2**20


def measured(megabytes):
    gc.collect()
    with PeakMemory() as memory:
        block = torch.ones(megabytes * MEGA // 4)
        del block
    if memory.bytes is None:
        pytest.skip("this system does not reset the peak resident set")
    return memory


def test_a_block_of_memory_is_seen_though_it_is_gone():
    memory = measured(256)
    grown = memory.bytes - memory.before
    assert 250 * MEGA < grown < 300 * MEGA


def test_the_next_block_starts_anew():
    large, small = measured(256), measured(64)
    assert large.bytes - small.bytes > 150 * MEGA


def test_memory_of_a_device_nobody_measures():
    with PeakMemory("meta") as memory:
        pass
    assert memory.bytes is memory.before is None


def test_memory_where_there_is_no_proc(monkeypatch):
    def missing(*words, **options):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", missing)
    with PeakMemory() as memory:
        pass
    assert memory.bytes is None


@pytest.mark.gpu
def test_memory_on_a_gpu():
    with PeakMemory("cuda") as memory:
        block = torch.ones(16 * MEGA, device="cuda")
        del block
    grown = memory.bytes - memory.before
    assert 64 * MEGA <= grown < 70 * MEGA
