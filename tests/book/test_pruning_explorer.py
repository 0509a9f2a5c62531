"""The explorer of the pruning block: its masks, its bytes, its table."""

from itertools import product

import pytest
import torch
from scipy.sparse import csr_array

from nnbcd.explore import pruning
from nnbcd.explore.grid import read_table
from nnbcd.explore.pruning import (
    SCORES,
    SHARES,
    SPARSITIES,
    VALUES,
    bytes_csr,
    draw,
    masks,
)


@pytest.fixture(scope="module")
def table():
    return read_table(pruning.__file__)


@pytest.fixture(scope="module")
def network(table):
    def arrays(name):
        return [torch.tensor(a, dtype=torch.float64) for a in table[name]]

    return arrays("W"), arrays("inputs")


def test_every_setting_has_an_accuracy(table):
    names = {" | ".join(n) for n in product(SCORES, SHARES, VALUES)}
    assert set(table["accuracy"]) == names
    for row in table["accuracy"].values():
        assert len(row) == len(SPARSITIES)
        assert all(0 <= a <= 1 for a in row)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9])
def test_masks_keep_the_best_of_their_score(network, sparsity, score, share):
    weights, inputs = network
    kept = masks(weights, inputs, sparsity, score, share)
    total = sum(w.numel() for w in weights)
    assert abs(sum(int(m.sum()) for m in kept) - (1 - sparsity) * total) <= 2
    scores = [
        w.abs() * (v if score == SCORES[1] else 1)
        for w, v in zip(weights, inputs, strict=True)
    ]
    groups = [[k] for k in range(3)] if share == SHARES[0] else [[0, 1, 2]]
    for group in groups:
        lowest = min(float(scores[k][kept[k]].min()) for k in group)
        cut = [scores[k][~kept[k]] for k in group]
        assert all(c.numel() == 0 or float(c.max()) <= lowest for c in cut)


def test_bytes_are_those_of_a_csr_matrix():
    w = torch.randn(7, 5).relu()
    csr = csr_array(w.numpy())
    stored = csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes
    assert bytes_csr(w != 0) == stored


def test_nothing_cut_is_nothing_dead():
    caption = draw(0.0, SCORES[0], SHARES[0], VALUES[0]).caption
    assert caption.startswith("Zeros: 0.0% nominal, 0.0% effective; 0 of 40")


def test_dead_entries_are_shaded_between():
    picture = draw(0.9, SCORES[1], SHARES[0], VALUES[0])
    (cells,) = picture.panels[0].marks
    shades = {round(v, 2) for row in cells.values for v in row}
    assert shades == {0.0, 0.45, 1.0}


def test_fitting_the_values_again_helps_on_the_whole(table):
    found = table["accuracy"]
    for score, share in product(SCORES, SHARES):
        plain, again = (found[f"{score} | {share} | {v}"] for v in VALUES)
        middle = [k for k, s in enumerate(SPARSITIES) if 0.6 <= s <= 0.9]
        assert all(again[k] > plain[k] for k in middle)
