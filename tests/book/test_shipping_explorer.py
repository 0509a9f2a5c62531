"""The explorer of shipping: its bytes, its chart, the rule read off it."""

from itertools import product

from nnbcd.deploy import BREAK_EVEN, SMALLEST
from nnbcd.explore.shipping import (
    BATCHES,
    SHARES,
    SIZES,
    WAYS,
    break_even,
    draw,
    ratio,
    stored,
)


def test_every_setting_was_measured():
    for way, size, batch, share in product(WAYS, SIZES, BATCHES, SHARES):
        assert ratio(way, size, batch, share) > 0
        # rank one is the least a weight of low rank can store
        most = max(share * size * size + 0.5, 2 * size)
        assert stored(way, size, share)[0] <= most


def test_the_rule_for_sparse_layers_is_that_of_the_chart():
    large = [n for n in SIZES if n * n >= SMALLEST]
    for size, batch in product(large, BATCHES):
        # 5 %: what the clock does not tell apart
        assert ratio(WAYS[0], size, batch, BREAK_EVEN) < 1.05
        assert break_even(WAYS[0], size, batch) > 0.5 * BREAK_EVEN
    small = [n for n in SIZES if n * n < SMALLEST]
    assert small
    assert all(break_even(WAYS[0], n, 1) == 0 for n in small)


def test_the_goal_is_within_reach_at_one_batch_and_says_so():
    reached = [
        batch
        for way, size, batch, share in product(WAYS, SIZES, BATCHES, SHARES)
        if draw(way, size, batch, share).reached
    ]
    assert 256 in reached
    assert len(reached) < len(WAYS) * len(SIZES) * len(BATCHES) * len(SHARES)
