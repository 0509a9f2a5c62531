"""Keeping the k largest entries, and what is alive after that."""

import itertools

import pytest
import torch

from nnbcd import Identity, ReLU
from nnbcd.sparsity import effective_masks, keep_largest


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("seed", range(20))
def test_no_other_support_is_nearer(seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn((2, 4), generator=generator).to(dtype)
    if seed % 2:
        w = w.round()  # ties and zeros
    for k in range(9):
        mask = keep_largest(w, k)
        assert mask.dtype == torch.bool
        assert int(mask.sum()) == k
        left_out = float((w * ~mask).square().sum())
        for support in itertools.combinations(range(8), k):
            other = torch.zeros(8, dtype=torch.bool)
            other[list(support)] = True
            rest = float((w.reshape(-1) * ~other).square().sum())
            assert left_out <= rest + 1e-12


def test_ties_go_to_the_first():
    w = torch.tensor([[2.0, -1.0, 1.0], [1.0, -1.0, 0.0]])
    kept = [keep_largest(w, k).reshape(-1).tolist() for k in (2, 3, 5)]
    assert kept == [
        [True, True, False, False, False, False],
        [True, True, True, False, False, False],
        [True, True, True, True, True, False],
    ]


def test_all_equal_and_all_zero():
    for w in (torch.zeros(6), torch.full((6,), -2.0)):
        assert keep_largest(w, 2).tolist() == [True] * 2 + [False] * 4


@pytest.mark.parametrize("k", [-1, 7])
def test_an_impossible_k_is_refused(k):
    with pytest.raises(ValueError, match=rf"k must lie.*6, got {k}"):
        keep_largest(torch.zeros(2, 3), k)


def masks(*rows):
    return [torch.tensor(mask, dtype=torch.bool) for mask in rows]


def test_a_dead_unit_takes_its_row_and_its_column():
    alive = effective_masks(
        masks([[1, 1], [0, 0]], [[1, 1]]), [None, None], [ReLU(), Identity()]
    )
    assert [m.int().tolist() for m in alive] == [[[1, 1], [0, 0]], [[1, 0]]]


def test_death_spreads_forwards_and_backwards():
    # Unit 2 of layer 1 feeds only unit 2 of layer 2, which feeds nothing.
    first = [[1, 1], [1, 1]]
    second = [[1, 0], [0, 1]]
    alive = effective_masks(
        masks(first, second, [[1, 0]]), [None] * 3, [ReLU()] * 3
    )
    assert [m.int().tolist() for m in alive] == [
        [[1, 1], [0, 0]],
        [[1, 0], [0, 0]],
        [[1, 0]],
    ]
    # And forwards: no input, so nothing after it.
    alive = effective_masks(
        masks([[0, 0], [1, 1]], second, [[1, 1]]), [None] * 3, [ReLU()] * 3
    )
    assert [m.int().tolist() for m in alive] == [
        [[0, 0], [1, 1]],
        [[0, 0], [0, 1]],
        [[0, 1]],
    ]


@pytest.mark.parametrize(
    ("bias", "following", "dead"),
    [
        (None, None, True),
        (-1.0, None, True),  # relu(-1) = 0: it emits nothing
        (1.0, None, False),  # it emits 1, and nowhere to fold it
        (1.0, 0.0, True),  # folded into the next bias
    ],
)
def test_a_silent_unit_may_still_emit_its_bias(bias, following, dead):
    given = [
        None if bias is None else torch.tensor([0.0, bias]),
        None if following is None else torch.tensor([following]),
    ]
    before = masks([[1, 1], [0, 0]], [[1, 1]])
    alive = effective_masks(before, given, [ReLU(), Identity()])
    assert alive[1].tolist() == [[True, not dead]]
    assert all(m.all() for m in before[1:])  # the input is left alone


def test_outputs_never_die():
    (alive,) = effective_masks(masks([[0, 0], [1, 0]]), [None], [Identity()])
    assert alive.int().tolist() == [[0, 0], [1, 0]]
