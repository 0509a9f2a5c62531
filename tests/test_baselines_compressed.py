"""Magnitude pruning and the spectral start do what their papers say."""

import numpy as np
import pytest
import torch

from nnbcd import Conv2d, Dense, Free, LowRank, Network, Sparse
from nnbcd.baselines import (
    FactorisedNetwork,
    best_rate,
    magnitude_pruning,
    spectral_low_rank,
    train,
)
from nnbcd.baselines.spectral import frobenius, spectral_start

SHORT = {"lr": 0.01, "epochs": 5, "batch": 20}


def two_clouds(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return rng.standard_normal((n, 12)) + 1.5 * y[:, None], 5 + 2 * y


def fit(method, structure, **options):
    network = Network((12,), [Dense(16, structure=structure), Dense(2)])
    options = {**SHORT, "validation": two_clouds(seed=1), **options}
    return network, method(network, *two_clouds(), **options)


def weights_of(result):
    return [w.detach() for w in result.model.dense()]


# --- magnitude pruning ---------------------------------------------------


def test_one_shot_keeps_the_largest_entries_of_the_dense_run():
    network, pruned = fit(magnitude_pruning, Sparse(0.8))
    _, dense = fit(train, Free())
    first, last = weights_of(dense)
    kept = network.structures[0].count((16, 12))
    order = first.abs().flatten().argsort(descending=True)
    expected = torch.zeros_like(first).flatten()
    expected[order[:kept]] = first.flatten()[order[:kept]]
    assert torch.equal(weights_of(pruned)[0].flatten(), expected)
    assert torch.equal(weights_of(pruned)[1], last)
    for ours, theirs in zip(
        pruned.model.biases, dense.model.biases, strict=True
    ):
        assert torch.equal(ours, theirs)


def test_one_shot_ends_with_a_record_of_the_cut():
    network, result = fit(magnitude_pruning, Sparse(0.8))
    _, dense = fit(train, Free())
    *before, cut = result.records
    assert [r.loss for r in before] == [r.loss for r in dense.records]
    assert before[-1].stored == network.dense_parameters
    assert cut.stored == result.parameters == network.parameters
    assert cut.step == before[-1].step
    assert cut.seconds > before[-1].seconds
    x, y = two_clouds()
    logits = result.decision(x)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(y == 7) * 1)
    assert cut.loss == pytest.approx(float(loss), rel=1e-6)


def test_retraining_never_changes_the_support():
    _, cut = fit(magnitude_pruning, Sparse(0.8))
    network, result = fit(magnitude_pruning, Sparse(0.8), retrain=7)
    support = weights_of(cut)[0] != 0
    after = weights_of(result)[0]
    assert torch.equal(after != 0, support)
    assert not torch.equal(after, weights_of(cut)[0])
    assert result.parameters == network.parameters
    assert len(result.records) == 5 + 1 + 7
    steps = [r.step for r in result.records]
    assert steps == [3, 6, 9, 12, 15, 15, 18, 21, 24, 27, 30, 33, 36]
    assert result.records[-1].loss < cut.records[-1].loss
    seconds = [r.seconds for r in result.records]
    assert seconds == sorted(seconds)


def test_only_sparse_layers_are_cut():
    first = Conv2d(3, kernel_size=2, stride=2, structure=Sparse(0.5))
    layers = [first, Dense(8, structure=LowRank(2)), Dense(2)]
    network = Network((1, 4, 4), layers)
    x = np.random.default_rng(0).standard_normal((40, 16))
    y = np.arange(40) % 2
    result = magnitude_pruning(network, x, y, validation=(x, y), **SHORT)
    assert result.parameters == network.parameters
    ranks = [int(torch.linalg.matrix_rank(w)) for w in weights_of(result)]
    assert ranks[1] == 2
    assert int((weights_of(result)[0] != 0).sum()) == 6


# --- spectral initialisation ---------------------------------------------


def low_rank_network(rank=3):
    layers = [
        Dense(10, structure=LowRank(rank)),
        Dense(6, structure=Sparse(0.5)),
        Dense(2),
    ]
    return Network((12,), layers)


def test_spectral_start_is_the_truncated_svd():
    network = low_rank_network()
    free = [Free(), *network.structures[1:]]
    drawn = FactorisedNetwork(network.with_structures(free), 4)
    started = spectral_start(network, 4)
    w = drawn.dense()[0].detach().double().numpy()
    u, s, vt = np.linalg.svd(w)
    best = (u[:, :3] * s[:3]) @ vt[:3]
    found = started.dense()[0].detach().double().numpy()
    np.testing.assert_allclose(found, best, atol=1e-6)
    left, right = (f.detach().double() for f in started.weights[0].factors)
    # Both factors carry the square roots of the singular values.
    for gram in (left.mT @ left, right @ right.mT):
        torch.testing.assert_close(
            gram, torch.diag(torch.from_numpy(s[:3])), rtol=0, atol=1e-6
        )
    for ours, theirs in zip(
        started.dense()[1:], drawn.dense()[1:], strict=True
    ):
        assert torch.equal(ours, theirs)
    assert started.stored == network.parameters


def test_frobenius_decay_is_on_the_product():
    model = FactorisedNetwork(low_rank_network())  # columns not orthogonal
    total = frobenius(model)
    by_hand = sum(w.square().sum() for w in model.dense())
    torch.testing.assert_close(total, by_hand)
    total.backward()
    left, right = model.weights[0].factors
    # d ||A B||^2 / dA = 2 A B B^T
    torch.testing.assert_close(
        left.grad, 2 * left @ right @ right.mT, rtol=1e-4, atol=1e-5
    )


def test_spectral_low_rank_learns_and_keeps_the_rank():
    network, result = fit(spectral_low_rank, LowRank(3), epochs=30)
    losses = [r.loss for r in result.records]
    assert losses[-1] < 0.2 * losses[0]
    assert result.accuracy >= 0.8
    assert result.parameters == network.parameters
    assert int(torch.linalg.matrix_rank(weights_of(result)[0])) == 3


def test_more_decay_makes_smaller_weights():
    runs = [
        fit(spectral_low_rank, LowRank(3), decay=decay)[1]
        for decay in (0.0, 1e-4, 0.1)
    ]
    norms = [float(frobenius(run.model).detach()) for run in runs]
    assert norms[0] > norms[1] > 1.1 * norms[2]


def test_the_start_is_the_one_that_is_trained():
    options = {"lr": 1e-9, "epochs": 1, "decay": 0.0}
    network, result = fit(spectral_low_rank, LowRank(3), seed=2, **options)
    started = spectral_start(network, 2)
    for found, wanted in zip(
        weights_of(result), started.dense(), strict=True
    ):
        torch.testing.assert_close(found, wanted.detach(), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("method", "structure", "options", "words"),
    [
        (magnitude_pruning, Free(), {}, "no Sparse layer"),
        (magnitude_pruning, Sparse(0.5), {"retrain": -1}, "retrain"),
        (spectral_low_rank, Sparse(0.5), {}, "no LowRank layer"),
        (spectral_low_rank, LowRank(2), {"decay": -1.0}, "decay"),
        (spectral_low_rank, LowRank(2), {"lr": 0.0}, "lr"),
        (train, Free(), {"dtype": "float16"}, "dtype"),
    ],
)
def test_refusals(method, structure, options, words):
    with pytest.raises(ValueError, match=words):
        fit(method, structure, **options)


# --- what a result tells -------------------------------------------------


def test_predictions_are_labels_and_give_the_accuracy():
    _, result = fit(train, Sparse(0.5))
    x, y = two_clouds(seed=1)
    found = result.predict(x)
    assert set(found.tolist()) <= {5, 7}
    assert float((found.numpy() == y).mean()) == result.accuracy
    assert result.seconds == result.records[-1].seconds


def test_effective_sparsity_counts_the_weights_of_dead_units():
    _, result = fit(train, Free())
    assert result.effective_sparsity == 0.0
    assert result.dense_parameters == 16 * 13 + 2 * 17
    with torch.no_grad():
        result.model.weights[1].factors[0][:, :4] = 0.0
    # Four hidden units reach no output: their 12 + 2 weights are dead.
    assert result.effective_sparsity == pytest.approx(4 * 14 / (16 * 14))


# --- learning rate -------------------------------------------------------


def best_of(rates, **options):
    network = Network((12,), [Dense(16), Dense(2)])
    return best_rate(network, *two_clouds(), rates=rates, **options)


def test_best_rate_is_the_one_that_learns():
    found = best_of((1e-9, 0.01, 1e-8), epochs=10, batch=20)
    assert found.lr == 0.01
    assert found.held_out[1] > max(found.held_out[::2])
    assert best_of((1e-9, 2e-9), epochs=1).lr == 1e-9  # a tie: the first


def test_best_rate_never_shows_the_held_out_rows():
    x, _ = two_clouds()
    seen = []

    def method(network, x, y, *, validation, lr, seed):
        seen.append((x, validation[0], lr, seed))
        return train(network, x, y, validation=validation, epochs=1)

    best_of((0.1, 0.2), method=method, share=0.25, seed=9)
    for learnt, held, _, seed in seen:
        assert (len(learnt), len(held), seed) == (45, 15, 9)
        both = torch.cat([learnt, held]).numpy()
        np.testing.assert_array_equal(np.sort(both, 0), np.sort(x, 0))
        assert not set(learnt[:, 0].tolist()) & set(held[:, 0].tolist())
    assert [lr for _, _, lr, _ in seen] == [0.1, 0.2]
    assert torch.equal(seen[0][1], seen[1][1])


@pytest.mark.parametrize(
    ("rates", "share", "words"),
    [((), 0.1, "rates"), ((0.1,), 0.001, "share"), ((0.1,), 1.0, "share")],
)
def test_best_rate_refuses(rates, share, words):
    with pytest.raises(ValueError, match=words):
        best_of(rates, share=share)
