"""The authors' logs, and the table of what is reproduced."""

import json
from dataclasses import replace

import pytest

from nnbcd.__main__ import main
from nnbcd.experiments import (
    BY_NAME,
    PUBLISHED,
    RunPlan,
    logs,
    reproduce,
    stored,
)
from nnbcd.experiments.status import CLAIMS, status

LOGGED = (
    "mnist-cnn",
    "cnn-inits",
    "cnn-grid",
    "har-4",
    "har-5",
    "inits",
    "har-5-inits",
    "har-5-grid",
    "lenet-flares",
    "flares-inits",
)


@pytest.mark.parametrize("name", LOGGED)
def test_a_log_is_well_formed(name):
    assert logs(name)
    for log in logs(name).values():
        assert log.sweep[0] == 1
        assert log.sweep[-1] == log.sweeps
        assert log.sweep == sorted(set(log.sweep))
        for column in (log.objective, log.train, log.test):
            assert len(column) == len(log.sweep)
        assert all(0 <= a <= 1 for a in log.train + log.test)
        assert max(log.test) <= log.best_test + 1e-4


def test_the_logs_are_those_that_were_published():
    log = logs("mnist-cnn")["penalty"]
    assert log.objective[:3] == pytest.approx(
        [11157.0738, 9412.7266, 8242.6528], abs=1e-3
    )
    assert log.at(10)[2:] == pytest.approx((0.330, 0.339), abs=1e-3)
    assert log.at(0) is None
    assert log.at(10**6)[0] == log.sweeps == 1593
    assert logs("digits") == {}
    for name in ("har-4", "har-5", "lenet-flares", "mnist-cnn"):
        low, high = PUBLISHED[name][0].test
        first = next(iter(logs(name).values()))
        assert low - 6e-4 <= first.test[-1] <= high + 6e-4
    ends = {arm: x.test[-1] for arm, x in logs("har-5-grid").items()}
    assert max(ends, key=ends.get) == "penalty-gamma5-rho1"


@pytest.fixture
def folder(tiny, tmp_path):
    plan = RunPlan(tmp_path / "out", seeds=(0, 3, 5), quiet=True)
    runs = reproduce(tiny, replace(plan, arms=("penalty",)))
    for run, accuracy in zip(runs, (0.9, 0.1, 0.25), strict=True):
        known = {**run.result, "accuracy": accuracy, "sweeps": 10}
        known |= {"parameters": 1, "dense_parameters": 4}
        made = replace(run, experiment="har-4", result=known)
        made.write(tmp_path / "har-4" / f"{run.run}.json")
    short = {**known, "sweeps": 4, "accuracy": 0.99}
    other = replace(runs[0], run="penalty-seed7", result=short)
    other.write(tmp_path / "har-4" / "penalty-seed7.json")
    near = {**known, "sweeps": 500, "accuracy": 0.965}
    exact = replace(runs[0], run="penalty-released-seed10", result=near)
    exact.write(tmp_path / "har-4" / "penalty-released-seed10.json")
    return tmp_path


def test_a_line_a_run_of_the_paper(folder):
    lines = status(folder)
    assert {(s.experiment, s.arm) for s in lines} == {
        (c.experiment, c.arm) for c in CLAIMS
    }
    own, theirs = (
        s for s in lines if (s.experiment, s.arm) == ("har-4", "penalty")
    )
    # The longest runs only, and their median.
    assert (own.sweeps, own.seeds, own.test) == (10, [0, 3, 5], 0.25)
    assert (own.paper_sweeps, own.ratio, own.start) == (500, 0.25, "own")
    assert own.log_test == pytest.approx(0.401, abs=1e-3)
    assert own.said == (
        "Ours stops at sweep 10 of 500; the test accuracy is 0.151 below "
        "theirs of sweep 10; the start is ours; data: made up."
    )
    assert theirs.start == "released"
    assert theirs.said == (
        "The test accuracy is theirs of sweep 500 to .01; data: made up."
    )
    missing = next(s for s in lines if s.experiment == "har-5")
    assert (missing.sweeps, missing.said) == (None, "Not run yet.")


def test_the_command_prints_the_table(folder, monkeypatch, capsys):
    monkeypatch.setenv("NNBCD_RUNS", str(folder))
    assert main(["reproduce", "--status"]) == 0
    out = capsys.readouterr().out
    assert "har-4, penalty" in out
    assert "0.151 below theirs" in " ".join(out.split())
    assert f"2 of {len(CLAIMS) + 1} runs have a record, 1 at the" in out
    assert main(["reproduce", "--status", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert lines[0].keys() >= {"paper_sweeps", "test", "start", "said"}


def test_the_stored_records_do_not_pass_for_another_arm():
    seen = 0
    for name in BY_NAME:
        try:
            runs = stored(name)
        except FileNotFoundError:
            continue
        for run in runs:
            step = run.settings.get("g_step")
            # The cut of the flares is exact, whatever g_step says.
            if run.method != "penalty" or name == "lenet-flares":
                continue
            seen += 1
            assert ("guarded" in run.arm) == (step == "guarded")
            assert ("als" in run.arm) == (step == "als")
    assert seen
