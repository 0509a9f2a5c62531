"""The stored errors of the explorer of tensor trains are possible ones."""

from itertools import product

import pytest
import torch

from nnbcd.explore.g_update import FITS, LAYERS, MODES, RANKS, draw
from nnbcd.explore.grid import read_table
from nnbcd.tensor_train import svd

LAYER = list(LAYERS)
PLAIN, REFINED = FITS


@pytest.fixture(scope="module")
def trains():
    import nnbcd.explore.g_update as module

    return read_table(module.__file__)["trains"]


def test_every_setting_has_its_numbers(trains):
    expected = {
        f"{layer} | {modes} | {fit}"
        for layer in LAYERS
        for modes, fit in product(MODES[layer], FITS)
    }
    assert set(trains) == expected
    for row in trains.values():
        assert len(row["error"]) == len(row["accuracy"]) == len(RANKS)


def test_errors_fall_with_the_rank_and_als_never_adds_to_them(trains):
    for layer in LAYERS:
        for modes in MODES[layer]:
            plain = trains[f"{layer} | {modes} | {PLAIN}"]["error"]
            refined = trains[f"{layer} | {modes} | {REFINED}"]["error"]
            pairs = zip(plain, plain[1:], strict=False)
            assert all(a >= b for a, b in pairs)
            assert all(r <= p for r, p in zip(refined, plain, strict=True))


def test_one_bond_leaves_nothing_to_refine(trains):
    for layer in LAYERS:
        plain, refined = (
            trains[f"{layer} | two modes, low rank | {fit}"]["error"]
            for fit in FITS
        )
        assert plain == refined


def test_a_bond_between_rows_and_columns_bounds_the_error(trains):
    """No train whose matrix rank is r beats the best matrix of rank r."""
    for layer, modes in product(LAYERS, ("four modes", "fours", "twos")):
        best = trains[f"{layer} | two modes, low rank | {PLAIN}"]["error"]
        for fit in FITS:
            errors = trains[f"{layer} | {modes} | {fit}"]["error"]
            assert all(e >= b for e, b in zip(errors, best, strict=True))


@pytest.mark.parametrize("layer", LAYERS)
def test_the_mode_choices_hold_the_weight(layer):
    w = torch.randn(*LAYERS[layer], dtype=torch.float64)
    for train in MODES[layer].values():
        train.validate(LAYERS[layer])
        tensor = train.to_tensor(w)
        assert torch.equal(train.to_matrix(tensor, LAYERS[layer]), w)


def test_the_caption_counts_what_a_train_stores():
    for name, train in MODES[LAYER[1]].items():
        w = torch.zeros(LAYERS[LAYER[1]], dtype=torch.float64)
        stored = svd(train.to_tensor(w), max_rank=8).parameters
        caption = draw(LAYER[1], name, 8, PLAIN).caption
        assert f": {stored:,} of 65,536 numbers" in caption
