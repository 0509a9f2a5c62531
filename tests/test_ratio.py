"""Sizes by ratio: never above the budget, and the next size would be."""

from argparse import Namespace
from math import prod

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nnbcd import Conv2d, Dense, Free, LowRank, Network, Sparse, TensorTrain
from nnbcd.__main__ import main
from nnbcd.commands.layers import build_network

SIZES = st.sampled_from([1, 2, 3, 4, 6, 8, 12, 20])
RATIOS = st.floats(1e-3, 1.0)
KINDS = {
    "sparse": lambda shape: Sparse(0.3),
    "low-rank": lambda shape: LowRank(2),
    "train": lambda shape: TensorTrain(2),
    "caps": lambda shape: TensorTrain((1, 1), modes=(shape[0], 1, shape[1])),
    "pairs": lambda shape: TensorTrain(
        2, pairs=((shape[0], 1), (1, shape[1])), rtol=0.1
    ),
}


def following(structure, shape):
    """The next larger member of the family, or None at the largest."""
    size = prod(shape)
    if isinstance(structure, Sparse):
        kept = structure.count(shape) + 1
        return Sparse(1 - kept / size) if kept <= size else None
    larger = type(structure)(
        structure.rank + 1,
        **(
            {}
            if isinstance(structure, LowRank)
            else {"modes": structure.modes, "pairs": structure.pairs}
        ),
    )
    grew = larger.count(shape) > structure.count(shape)
    return larger if grew else None


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), SIZES, SIZES, RATIOS)
def test_a_structure_fills_its_budget(kind, rows, columns, ratio):
    shape = (rows, columns)
    structure = KINDS[kind](shape)
    try:
        found = structure.at_ratio(shape, ratio)
    except ValueError as error:
        assert "out of reach: the smallest member" in str(error)
        least = structure.sized(shape, 0.0).count(shape)
        assert least > ratio * prod(shape)
        return
    assert type(found) is type(structure)
    assert found.count(shape) <= ratio * prod(shape)
    larger = following(found, shape)
    assert larger is None or larger.count(shape) > ratio * prod(shape)


def test_only_the_size_changes():
    train = TensorTrain((2, 3, 2), modes=(4, 4, 4, 4), rtol=0.1)
    found = train.at_ratio((16, 16), 0.5)
    assert found == TensorTrain(3, modes=(4, 4, 4, 4), rtol=0.1)
    assert found.count((16, 16)) == 96
    assert Free().at_ratio((3, 2), 0.1) == Free()


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1.5, float("nan")])
def test_a_ratio_outside_its_range_is_refused(ratio):
    with pytest.raises(ValueError, match="ratio must lie in"):
        Sparse(0.5).at_ratio((3, 2), ratio)
    with pytest.raises(ValueError, match="ratio must lie in"):
        Network(3, [Dense(2)]).at_ratio(ratio)


def test_modes_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="modes.*multiply to 15"):
        TensorTrain(2, modes=(3, 5)).at_ratio((4, 4), 0.5)


def chain(kinds, widths, bias):
    shapes = list(zip(widths[1:], widths, strict=False))
    layers = [
        Dense(
            shape[0],
            structure=KINDS[kind](shape) if kind else Free(),
            bias=bias,
        )
        for kind, shape in zip(kinds, shapes, strict=True)
    ]
    return Network(widths[0], [*layers, Dense(2, bias=bias)])


@pytest.mark.filterwarnings("ignore::nnbcd.LargerThanDenseWarning")
@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", *KINDS]), SIZES),
        min_size=1,
        max_size=3,
    ),
    SIZES,
    RATIOS,
    st.booleans(),
)
def test_a_network_fills_its_budget(hidden, features, ratio, bias):
    kinds, widths = [k for k, _ in hidden], [n for _, n in hidden]
    net = chain(kinds, [features, *widths], bias)
    budget = ratio * net.dense_parameters
    shapes = [m.weight_shape for m in net.maps]
    pairs = list(zip(net.structures, shapes, strict=True))
    try:
        found = net.at_ratio(ratio)
    except ValueError as error:
        assert "too many: raise ratio to" in str(error)
        least = [s.sized(shape, 0.0) for s, shape in pairs]
        assert net.with_structures(least).parameters > budget
        return
    assert found.parameters <= budget
    # One share for all, so the next share at which a layer grows is too big.
    shares = [
        larger.count(shape) / prod(shape)
        for structure, shape in zip(found.structures, shapes, strict=True)
        if not structure.free
        and (larger := following(structure, shape)) is not None
    ]
    assume(shares)
    share = min(shares) * (1 + 1e-12)
    assume(share <= 1)
    grown = [s.sized(shape, share * prod(shape)) for s, shape in pairs]
    assert net.with_structures(grown).parameters > budget


def test_free_layers_alone_can_be_too_much():
    net = Network(64, [Dense(256, structure=Sparse(0.5)), Dense(10)])
    message = (
        "ratio 0.1 allows 1921 of 19210 numbers, but free layers and biases "
        "store 2826 and the smallest members of the structures 1, 906 too "
        "many: raise ratio to 0.148, or give more layers a structure."
    )
    with pytest.raises(ValueError, match=message):
        net.at_ratio(0.1)
    assert net.at_ratio(0.148).parameters <= 0.148 * 19210


def test_a_convolution_counts_its_matrix():
    layers = [Conv2d(8, 3, structure=LowRank(1)), Dense(4)]
    net = Network((2, 5, 5), layers).at_ratio(0.9)
    # 8 x 18 = 144 numbers, 12 biases and 4 x 72 free ones.
    assert net.structures[0] == LowRank(3)
    assert net.parameters == 3 * 26 + 12 + 288 <= 0.9 * 444


@pytest.mark.parametrize("structure", ["sparse", "tt", "lowrank"])
def test_the_command_line_counts_the_whole_network(structure):
    options = Namespace(
        hidden=[64, 64],
        structure=structure,
        ratio=0.3,
        rank=None,
        modes=None,
        sparsity=None,
        activation="relu",
        bias=True,
    )
    net = build_network(options, 64, 10)
    share = net.parameters / net.dense_parameters
    assert 0.25 < share <= 0.3
    assert net.structures[-1].free


def test_the_command_line_says_what_is_out_of_reach(capsys):
    words = "train --structure sparse --hidden 16 --ratio 0.05".split()
    assert main(words) == 2
    assert "raise ratio to" in capsys.readouterr().err
