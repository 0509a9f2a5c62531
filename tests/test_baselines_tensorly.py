"""tensorly-torch, which others wrote, computes what our train computes."""

import pytest
import torch

from nnbcd import Dense, LowRank, Network, TensorTrain
from nnbcd.baselines.factorised import Weight
from nnbcd.baselines.tensorly import tensorly_layer

pytest.importorskip(
    "tltorch", reason="optional: pip install 'nnbcd[tensorly]'"
)

TRAINS = {
    "pairs": TensorTrain(5, pairs=((4, 2), (2, 4), (3, 3))),
    "modes": TensorTrain(5, modes=(4, 2, 3, 2, 4, 3)),
    "default modes": TensorTrain((2, 3, 4, 3, 2)),
    "square modes": TensorTrain(3, modes=(24, 24)),
}


def both(structure, shape=(24, 24)):
    generator = torch.Generator().manual_seed(0)
    weight = Weight(structure, shape, generator).double()
    bias = torch.randn(shape[0], generator=generator).double()
    return weight, bias, tensorly_layer(weight, bias)


@pytest.mark.parametrize("structure", TRAINS.values(), ids=TRAINS)
def test_same_output_same_gradient_same_numbers(structure):
    weight, bias, layer = both(structure)
    linear = Network((24,), [Dense(24)]).maps[0]
    x = torch.randn(7, 24).double()
    ours, theirs = weight.multiply(linear, x, bias), layer(x)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    ours.square().sum().backward()
    theirs.square().sum().backward()
    cores = list(layer.weight.factors)
    for mine, other in zip(weight.factors, cores, strict=True):
        torch.testing.assert_close(
            mine.grad, other.grad.reshape(mine.shape), rtol=0, atol=1e-10
        )
    assert weight.stored == sum(core.numel() for core in cores)
    assert weight.stored == structure.count((24, 24))


def test_the_layer_has_cores_of_its_own():
    weight, _, layer = both(TRAINS["pairs"])
    before = weight.dense().detach().clone()
    with torch.no_grad():
        layer.weight.factors[0].zero_()
    assert torch.equal(weight.dense(), before)
    assert torch.count_nonzero(layer.weight.to_matrix()) == 0


@pytest.mark.parametrize(
    ("structure", "words"),
    [
        # As in the first layer of the paper's HAR network.
        (TensorTrain(3, modes=(6, 22, 34, 2, 2, 2, 2, 2, 2, 2)), "cut"),
        (LowRank(3), "must be a TensorTrain"),
    ],
)
def test_what_blocktt_cannot_hold(structure, words):
    with pytest.raises(ValueError, match=words):
        both(structure, (1024, 561))
