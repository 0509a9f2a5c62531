"""Descriptions of networks: sizes, counts and refusals."""

import jaxtyping
import numpy as np
import pytest

from nnbcd import (
    Conv2d,
    Dense,
    HardTanh,
    Identity,
    LargerThanDenseWarning,
    LowRank,
    Network,
    ReLU,
    Sparse,
    TensorTrain,
)


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """What users see, who have no checker before our own sentences."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def test_sizes_of_a_mixed_chain():
    net = Network(
        (2, 6, 7),
        [
            Conv2d(4, (2, 3), stride=(2, 1), padding=(0, 1)),
            Conv2d(3, 2, activation=HardTanh()),
            Dense(5, bias=False, structure=Sparse(0.5)),
            Dense(2),
        ],
    )
    assert [m.d_in for m in net.maps] == [84, 84, 36, 5]
    assert [m.d_out for m in net.maps] == [84, 36, 5, 2]
    assert [m.weight_shape for m in net.maps] == [
        (4, 12),
        (3, 16),
        (5, 36),
        (2, 5),
    ]
    assert net.activations == (ReLU(), HardTanh(), ReLU(), Identity())
    assert net.dense_parameters == 48 + 4 + 48 + 3 + 180 + 10 + 2
    assert net.parameters == 48 + 4 + 48 + 3 + 90 + 10 + 2


def test_numbers_of_numpy_are_numbers():
    net = Network(np.int64(3), [Dense(np.int32(4)), Dense(2)])
    assert net == Network((3,), [Dense(4), Dense(2)])
    assert type(net.layers[0].out_features) is int


def test_descriptions_are_values():
    make = [
        lambda: Network(3, [Dense(4, structure=LowRank(1)), Dense(2)]),
        lambda: Network([3], (Dense(4, structure=LowRank(1)), Dense(2))),
    ]
    first, second = (f() for f in make)
    assert first == second
    assert hash(first) == hash(second)
    assert first != Network(3, [Dense(4), Dense(2)])


BAD = [
    (lambda: Dense(0), "out_features must"),
    (lambda: Dense(2.0), "out_features must"),
    (lambda: Dense(True), "out_features must"),
    (lambda: Dense(-3), "out_features must"),
    (lambda: Conv2d(0), "out_channels must"),
    (lambda: Conv2d(2, 0), "kernel_size must"),
    (lambda: Conv2d(2, 2.5), "kernel_size must"),
    (lambda: Conv2d(2, (3,)), "kernel_size must"),
    (lambda: Conv2d(2, (3, 0)), "kernel_size must"),
    (lambda: Conv2d(2, 3, stride=0), "stride must"),
    (lambda: Conv2d(2, 3, stride=(1, 2, 3)), "stride must"),
    (lambda: Conv2d(2, 3, padding=-1), "padding must"),
    (lambda: Conv2d(2, 3, padding="same"), "padding must"),
    (lambda: Network(0, [Dense(2)]), "input_shape must"),
    (lambda: Network((), [Dense(2)]), "input_shape"),
    (lambda: Network((2, -1), [Dense(2)]), "input_shape must"),
    (lambda: Network("ab", [Dense(2)]), "input_shape must"),
    (lambda: Network(2, []), "layers is empty"),
    (
        lambda: Network(2, [Dense(2, activation=ReLU())]),
        "last layer must have the identity",
    ),
    (
        lambda: Network(4, [Dense(3), Conv2d(2), Dense(2)]),
        "layer 2: Conv2d needs.*set input_shape",
    ),
    (
        lambda: Network((1, 3, 3), [Conv2d(2, 4), Dense(2)]),
        "layer 1: kernel_size.*larger than the padded",
    ),
    (
        lambda: Network(
            4, [Dense(4, structure=TensorTrain(2, modes=(3, 5))), Dense(2)]
        ),
        r"layer 1: modes \(3, 5\) multiply to 15.*4 x 4 = 16",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_a_bad_network_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network(4, Dense(2)), "layers must be"),
        (lambda: Network(4, [Dense(3), "x"]), "layers must be"),
        (lambda: Dense(3, activation=ReLU), "activation must be"),
        (lambda: Dense(3, structure=Sparse), "structure must be"),
        (lambda: Conv2d(3, structure=0.9), "structure must be"),
    ],
)
def test_a_wrong_kind_is_refused_by_name(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_train_larger_than_its_matrix_is_said_so():
    layers = [Dense(4, structure=LowRank(4)), Dense(2)]
    with pytest.warns(LargerThanDenseWarning, match="layer 1.*32.*only 16"):
        net = Network(4, layers)
    assert net.parameters > net.dense_parameters


def test_a_structure_that_saves_is_silent():
    layers = [Dense(8, structure=LowRank(2)), Dense(2)]
    Network(8, layers)  # a warning would be an error
