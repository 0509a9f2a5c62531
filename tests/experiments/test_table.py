"""The table: the published figure beside ours."""

from dataclasses import replace

import pytest

from nnbcd.experiments import BY_NAME, PUBLISHED, RunPlan, reproduce
from nnbcd.experiments.table import COLUMNS, print_table, rows


@pytest.fixture
def records(tiny, tmp_path):
    plan = RunPlan(tmp_path, seeds=(0, 1, 2), quiet=True)
    return reproduce(tiny, replace(plan, arms=("penalty", "adam")))


def test_a_line_an_arm_with_medians(tiny, records):
    spread = [
        replace(r, result={**r.result, "accuracy": a, "seconds": s})
        for r, a, s in zip(
            records[:3], (0.9, 0.1, 0.25), (70.0, 5.0, 40.0), strict=True
        )
    ]
    lines = rows(tiny, [*spread, *records[3:]])
    assert [line[0] for line in lines] == ["paper", "Adam"]
    assert all(len(line) == len(COLUMNS) for line in lines)
    paper = dict(zip(COLUMNS, lines[0], strict=True))
    assert paper["test"] == "0.250"
    assert paper["s"] == "40"
    assert paper["steps"] == "4"
    assert paper["cert."] == "H1"  # four sweeps are too few for H2
    adam = dict(zip(COLUMNS, lines[1], strict=True))
    assert adam["steps"] == "2 ep"
    assert adam["cert."] == ""


@pytest.mark.parametrize(
    "seen", [{"b": None, "bounded_b": None}, {"bounded_b": True, "moved": 19}]
)
def test_a_run_whose_h2_is_not_judged_is_not_called_certified(
    tiny, records, seen, capsys
):
    loss = replace(records[0], certificate=records[0].certificate | seen)
    assert loss.verdict == "H1"
    line = dict(zip(COLUMNS, rows(tiny, [loss])[0], strict=True))
    assert line["cert."] == "H1"
    print_table(tiny, [loss])
    words = " ".join(capsys.readouterr().out.split())
    assert "H1: the objective never rose (H1); H2 is not judged" in words
    assert "holds" not in words
    long = records[0].certificate | {"bounded_b": True, "moved": 20}
    print_table(tiny, [replace(records[0], certificate=long)])
    words = " ".join(capsys.readouterr().out.split())
    assert "holds: certificate holds" in words


def test_a_certificate_that_does_not_hold_is_shown(tiny, records):
    broken = replace(
        records[1],
        certificate=records[1].certificate | {"monotone": False},
    )
    lines = rows(tiny, [records[0], broken, records[2]])
    assert "NO" in lines[0]


def test_the_published_figures_come_first(tiny, records):
    known = replace(tiny, published="har-4")
    lines = rows(known, records)
    assert lines[0][:4] == (
        "authors, rank 80",
        "500",
        "0.988-.991",
        "0.960-.968",
    )
    assert lines[0][5] == "178-203"
    # Ours made 4 sweeps: the last logged one up to there is the first.
    assert lines[1][1:4] == ("1", "0.187", "0.181")


def test_the_other_metric(tiny, records):
    (first, *_) = records
    known = {**first.result, "balanced_accuracy": 0.123}
    one = [replace(first, result=known)]
    lines = rows(replace(tiny, metric="balanced_accuracy"), one)
    assert lines[0][3] == "0.123"
    assert rows(tiny, one)[0][3] != "0.123"


def test_it_fits_a_terminal(tiny, records, capsys):
    print_table(replace(tiny, published="har-4"), records)
    text = capsys.readouterr().out
    assert all(len(line) <= 78 for line in text.splitlines())
    for word in ("A test", "Adam", "0.960-.968", "seeds 0, 1, 2", "made up"):
        assert word in text
    assert "…" not in text  # nothing was cut


def test_arms_of_fewer_seeds_are_not_passed_off_as_all(tiny, records, capsys):
    print_table(tiny, [records[0], *records[3:]])
    text = capsys.readouterr().out
    assert "median over 1 to 3 seeds" in " ".join(text.split())


def test_published_figures_are_complete():
    assert set(PUBLISHED) <= set(BY_NAME)
    for several in PUBLISHED.values():
        for p in several:
            assert 0 < p.train[0] <= p.train[1] <= 1
            assert 0 < p.test[0] <= p.test[1] <= 1
            assert p.rises[0] <= p.rises[1] <= p.sweeps
            assert p.source
            assert p.metric in ("accuracy", "balanced_accuracy")
            assert list(p.log) == sorted(p.log)
