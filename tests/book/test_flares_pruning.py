"""The explorer of pruned networks and flares: recalls, worlds, the table."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from nnbcd.experiments import stored
from nnbcd.explore import flares_pruning, read_table
from nnbcd.explore.flares_pruning import (
    LOOKS,
    MEASURES,
    SHARES,
    draw,
    recalls,
)
from nnbcd.metrics import balanced_accuracy


def test_recalls_are_those_of_a_confusion_matrix():
    truth = np.repeat([0, 1], [1520, 760])
    answer = np.concatenate(
        [np.repeat([0, 1], [1200, 320]), np.repeat([1, 0], [500, 260])]
    )
    record = stored("lenet-flares")[0]
    scores = {
        "accuracy": float(np.mean(truth == answer)),
        "balanced_accuracy": balanced_accuracy(truth, answer),
    }
    made = replace(record, result={**record.result, **scores})
    assert recalls(made) == pytest.approx((1200 / 1520, 500 / 760))


def test_every_stored_run_is_drawn_once():
    runs = stored("lenet-flares")
    assert {r.arm for r in runs} == {arm for arm, *_ in LOOKS}
    for panel in draw(0.5, MEASURES[0], "seconds").panels:
        points = [m for m in panel.marks if hasattr(m, "marker")]
        assert sum(len(m.x) for m in points) == len(runs)


def test_the_share_matters_to_accuracy_only():
    def beaten(share, measure):
        words = draw(share, measure, "seconds").caption
        return int(words.split("; ")[1].split()[0])

    counts = [beaten(share, MEASURES[0]) for share in SHARES]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == len(stored("lenet-flares"))
    assert len({beaten(share, MEASURES[1]) for share in SHARES}) == 1


def test_the_goal_is_about_accuracy():
    for share, measure in product(SHARES, MEASURES):
        reached = draw(share, measure, "seconds").reached
        assert not (reached and measure == MEASURES[1])


def test_the_table_holds_shares_and_counts():
    table = read_table(flares_pruning.__file__)
    assert {"mnist-dense | default", "mnist-pruned-95 | default"} <= set(
        table
    )
    for row in table.values():
        assert row["stored"] <= row["dense"]
        assert len(row["accuracy"]) == len(row["seeds"])
        assert all(0.9 < a < 1 for a in row["accuracy"])


def test_the_table_is_what_the_benchmarks_stored():
    table = read_table(flares_pruning.__file__)
    assert table == flares_pruning.compute()
    ours = [row for name, row in table.items() if name.endswith("default")]
    whole = [row for row in ours if row["rows"] == 60_000]
    assert len({row["passes"] for row in whole}) == 1 < len(whole)
