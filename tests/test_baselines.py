"""The baselines do what they are compared as."""

import numpy as np
import pytest
import torch

from nnbcd import (
    Conv2d,
    Dense,
    Free,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
)
from nnbcd.baselines import FactorisedNetwork, PlainProcedure, train
from nnbcd.baselines.factorised import Weight
from nnbcd.baselines.naive import tt_svd
from nnbcd.baselines.pruning import GradualPruning, share_of_zeros

TRAIN = TensorTrain(3, modes=(4, 3, 2, 4))
WEIGHTS = Penalties(
    gamma=(0.7, 0.5, 0.9), rho=(0.4, 0.6, 0.5), tau=3.0, alpha=(0.8, 1.0, 0.6)
)


def dense_network(bias=False, **options):
    structures = (TensorTrain(3, modes=(3, 4, 2, 4)), TRAIN)
    layers = [
        Dense(width, structure=structure, bias=bias, **options)
        for width, structure in zip((12, 8), structures, strict=True)
    ]
    return Network((8,), [*layers, Dense(3, bias=bias)])


def image_network():
    first = Conv2d(3, kernel_size=2, stride=2, bias=False)
    hidden = Dense(8, structure=TRAIN, bias=False)
    return Network((1, 4, 4), [first, hidden, Dense(3, bias=False)])


def problem_of(network, n, seed=0, **options):
    rng = np.random.default_rng(seed)
    solver = Solver(
        WEIGHTS,
        g_step="svd",
        certify=False,
        **{"coupling": "penalty", **options},
    )
    x = rng.standard_normal((n, network.maps[0].d_in))
    y = np.arange(n) % network.maps[-1].d_out
    return solver, solver.problem(network, x, y)


@pytest.mark.parametrize("n", [60, 7], ids=["N > d", "N < d"])
@pytest.mark.parametrize("make", [dense_network, image_network])
def test_plain_procedure_makes_the_same_iterates(make, n):
    solver, problem = problem_of(make(), n)
    state = plain = solver.init(problem, seed=3)
    procedure = PlainProcedure(problem)
    for number in range(1, 6):
        state, record = solver.step(problem, state, number)
        plain, phi = procedure.step(plain)
        assert phi == pytest.approx(record.objective, rel=1e-8)
        for name in ("w", "u", "v"):
            pairs = zip(
                getattr(state, name), getattr(plain, name), strict=True
            )
            for ours, theirs in pairs:
                torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-8)
        for ours, theirs in zip(state.g, plain.g, strict=True):
            if ours is not None:
                torch.testing.assert_close(
                    theirs.dense, ours.dense, rtol=0, atol=1e-8
                )


def test_plain_procedure_leaves_its_input_alone():
    solver, problem = problem_of(dense_network(), 20)
    state = solver.init(problem)
    before = [t.clone() for t in (*state.w, *state.u, *state.v)]
    PlainProcedure(problem).step(state)
    after = (*state.w, *state.u, *state.v)
    assert all(map(torch.equal, before, after))


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        (dense_network(bias=True), {}, "no bias"),
        (dense_network(), {"coupling": "constraint"}, "penalty"),
        (
            Network(
                (8,),
                [
                    Dense(6, structure=LowRank(2), bias=False),
                    Dense(4, bias=False),
                    Dense(3, bias=False),
                ],
            ),
            {},
            "tensor trains",
        ),
    ],
)
def test_plain_procedure_refuses_what_is_not_published(
    network, options, words
):
    _, problem = problem_of(network, 20, **options)
    with pytest.raises(ValueError, match=words):
        PlainProcedure(problem)


def test_tt_svd_at_full_rank_is_the_tensor():
    tensor = np.random.default_rng(0).standard_normal((3, 4, 2, 5))
    cores = tt_svd(tensor, 100)
    full = cores[0]
    for core in cores[1:]:
        full = np.tensordot(full, core, axes=1)
    np.testing.assert_allclose(full.reshape(tensor.shape), tensor, atol=1e-12)
    assert [c.shape[2] for c in tt_svd(tensor, 2)] == [2, 2, 2, 1]


STRUCTURES = {
    "free": Free(),
    "sparse": Sparse(0.8),
    "low rank": LowRank(3),
    "train": TensorTrain(4),
}


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_model_stores_what_the_network_counts(structure):
    layers = [Dense(16, structure=structure), Dense(3)]
    network = Network((12,), layers)
    model = FactorisedNetwork(network)
    trained = sum(p.numel() for p in model.parameters())
    assert model.stored == network.parameters
    # The entries off the support are there, and stay zero.
    hidden = 16 * 12 - int((model.weights[0].dense() != 0).sum())
    if structure.free or isinstance(structure, Sparse):
        assert trained - hidden == network.parameters
    else:
        assert trained == network.parameters


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_start_has_the_variance_of_he(structure):
    generator = torch.Generator().manual_seed(0)
    shape = (256, 256)
    drawn = [Weight(structure, shape, generator) for _ in range(8)]
    energy = torch.stack([w.dense().detach() for w in drawn])
    energy = energy.square().sum(2).mean()
    assert float(energy) == pytest.approx(2.0, rel=0.35)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_multiplying_by_factors_is_multiplying_by_the_matrix(structure):
    linear = Network((12,), [Dense(16, structure=structure)]).maps[0]
    weight = Weight(structure, (16, 12), torch.Generator().manual_seed(1))
    x, b = torch.randn(5, 12), torch.randn(16)
    found = weight.multiply(linear, x, b)
    torch.testing.assert_close(found, x @ weight.dense().mT + b)


def two_clouds(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return rng.standard_normal((n, 12)) + 3.0 * y[:, None], 5 + 2 * y


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_adam_learns_and_keeps_the_structure(structure):
    network = Network((12,), [Dense(16, structure=structure), Dense(2)])
    x, y = two_clouds()
    result = train(
        network,
        x,
        y,
        validation=two_clouds(seed=1),
        lr=0.01,
        epochs=30,
        batch=20,
    )
    assert result.records[-1].loss < 0.5 * result.records[0].loss
    assert result.accuracy >= 0.95
    assert result.parameters == network.parameters
    assert len(result.records) == 30
    seconds = [r.seconds for r in result.records]
    assert all(a < b for a, b in zip(seconds, seconds[1:], strict=False))


def test_adam_repeats_itself():
    network = Network((12,), [Dense(16, structure=Sparse(0.5)), Dense(2)])
    x, y = two_clouds()
    runs = [
        train(network, x, y, validation=(x, y), epochs=3, batch=16, seed=seed)
        for seed in (0, 0, 1)
    ]
    losses = [[r.loss for r in run.records] for run in runs]
    assert losses[0] == losses[1] != losses[2]


def test_a_label_never_trained_on_is_a_miss():
    network = Network((12,), [Dense(2)])
    x, y = two_clouds()
    result = train(network, x, y, validation=(x, y + 1), epochs=30, lr=0.1)
    assert result.accuracy == 0.0


def test_adam_wants_one_output_a_class():
    x, y = two_clouds()
    with pytest.raises(ValueError, match="give the last layer 2"):
        train(Network((12,), [Dense(3)]), x, y, validation=(x, y))


def test_gradual_pruning_ends_with_what_the_network_counts():
    network = Network((12,), [Dense(16, structure=Sparse(0.9)), Dense(2)])
    x, y = two_clouds()
    result = train(
        network,
        x,
        y,
        validation=(x, y),
        epochs=20,
        batch=20,
        support="gradual",
    )
    stored = [r.stored for r in result.records]
    assert stored[0] > 1.5 * network.parameters
    assert stored == sorted(stored, reverse=True)
    # The entries that count are really there.
    kept = result.model.weights[0].dense() != 0
    assert int(kept.sum()) == result.model.weights[0].stored
    # 70 % of the steps prune, the rest trains.
    assert stored[13] == stored[-1] == network.parameters
    assert stored[9] > network.parameters


def test_pruning_takes_the_smallest_entries():
    network = Network((4,), [Dense(5, structure=Sparse(0.75))])
    model = FactorisedNetwork(network, pruned=False)
    before = model.weights[0].dense().detach()
    GradualPruning(last=8, every=4)(model, 3)  # not yet due
    assert torch.equal(model.weights[0].dense(), before)
    GradualPruning(last=8, every=4)(model, 8)
    after = model.weights[0].dense()
    kept = after != 0
    assert int(kept.sum()) == 5
    assert torch.equal(after[kept], before[kept])
    assert before[~kept].abs().max() <= before[kept].abs().min()


def test_gradual_pruning_starts_from_the_dense_network():
    network = Network((256,), [Dense(256, structure=Sparse(0.9)), Dense(3)])
    model = FactorisedNetwork(network, pruned=False)
    assert model.stored == network.dense_parameters
    w = model.weights[0].dense().detach()
    assert float(w.square().sum(1).mean()) == pytest.approx(2.0, rel=0.05)


def test_supports_move_with_the_model():
    network = Network((12,), [Dense(16, structure=Sparse(0.5)), Dense(2)])
    model = FactorisedNetwork(network)
    assert [name for name, _ in model.named_buffers()] == ["weights.0.mask"]


def test_share_of_zeros_grows_to_the_target():
    shares = [share_of_zeros(0.9, step, 10) for step in range(13)]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[10:] == [0.9] * 3
    assert shares[5] == pytest.approx(0.9 * (1 - 0.5**3))
