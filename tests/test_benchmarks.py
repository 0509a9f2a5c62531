"""The benchmarks measure and judge what they say. Nothing slow here."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import adam, networks, relative, speed, targets
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.cases import CASES, Case, Goal
from benchmarks.clock import ratios
from benchmarks.comparisons import COMPARISONS
from benchmarks.data import load
from benchmarks.flops import sweep_flops
from benchmarks.outcome import compare
from benchmarks.store import RESULTS, provenance, save
from nnbcd import (
    Dense,
    Gradual,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
)

ROOT = Path(__file__).resolve().parents[1]
SMALL = Network((64,), [Dense(16, structure=Sparse(0.5)), Dense(10)])
TINY = Case("tiny", "digits", SMALL, (Goal(2, 0.3), Goal(3, 0.999)))


@pytest.fixture
def no_data(monkeypatch, tmp_path):
    """No data on this machine, and no network."""
    monkeypatch.delenv("NNBCD_DATA", raising=False)
    monkeypatch.setenv("NNBCD_CACHE", str(tmp_path / "cache"))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def options(**changes):
    plain = {"quick": False, "only": [], "seeds": [0, 1], "device": "cpu"}
    return argparse.Namespace(**{**plain, **changes})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_help(name, capsys):
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    assert "--seeds" in capsys.readouterr().out


def test_an_unknown_case_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["targets", "--only", "digits-tt-24", "nonsense"])
    assert stop.value.code == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["targets", "adam"])
def test_missing_data_skip_the_case(kind, no_data, capsys, tmp_path):
    out = tmp_path / "rows.json"
    words = [kind, "--only", "har-dense", "--json", "--out", str(out)]
    assert main(words) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"rows": []}
    assert "har-dense is skipped" in shown.err
    assert "NNBCD_DATA" in shown.err
    assert not out.exists()


@pytest.mark.parametrize("cases", [CASES, COMPARISONS, speed.CASES])
def test_names_are_given_once(cases):
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)


def test_quick_keeps_the_embedded_data():
    for benchmark in (targets, adam):
        quick = benchmark.plan(options(quick=True))
        assert {case.data for case in quick} == {"digits"}
        assert len(quick) >= 4


# --- targets -------------------------------------------------------------


def run_of(accuracy, rises=0):
    return {
        "test_accuracy": accuracy,
        "seconds": [1.0] * len(accuracy),
        "objective_increases": rises,
    }


def test_a_goal_is_judged_at_its_sweep_by_the_median():
    runs = [run_of([0.5, 0.9, 0.7]), run_of([0.1, 0.1, 0.8])]
    runs.append(run_of([0.2, 0.6, 0.1]))
    found = targets.verdict(Goal(2, 0.6), runs)
    assert found["test_by_seed"] == [0.9, 0.1, 0.6]
    assert (found["median"], found["best"]) == (0.6, 0.6)
    assert found["met"]
    assert not targets.verdict(Goal(2, 0.61), runs)["met"]
    # The best of an earlier sweep does not count.
    assert not targets.verdict(Goal(3, 0.75), runs[:1])["met"]


def test_a_rise_of_the_objective_misses_the_goal():
    assert targets.verdict(Goal(1, 0.5), [run_of([0.9])])["met"]
    assert not targets.verdict(Goal(1, 0.5), [run_of([0.9], rises=1)])["met"]


def test_a_goal_with_seconds_needs_both():
    runs = [run_of([0.9, 0.9])]
    assert targets.verdict(Goal(2, 0.9, seconds=2.0), runs)["met"]
    assert not targets.verdict(Goal(2, 0.9, seconds=1.9), runs)["met"]


def test_a_run_that_ended_early_counts_with_its_last_sweep():
    found = targets.verdict(Goal(9, 0.5), [run_of([0.9, 0.6])])
    assert found["median"] == 0.6


def test_targets_run_from_end_to_end(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(targets, "CASES", (TINY,))
    out = tmp_path / "rows.json"
    words = ["targets", "--only", "tiny", "--seeds", "0", "1", "--out"]
    assert main([*words, str(out)]) == 0
    assert "MISSED" in capsys.readouterr().out
    (row,) = json.loads(out.read_text())["rows"]
    assert [len(run["test_accuracy"]) for run in row["runs"]] == [3, 3]
    assert [run["seed"] for run in row["runs"]] == [0, 1]
    assert row["runs"][0]["parameters"] == row["parameters"] == 698
    assert [goal["met"] for goal in row["goals"]] == [True, False]
    assert row["provenance"]["torch"] == torch.__version__


def test_the_paper_compresses_to_the_published_ratio():
    network = networks.har_trains(80, bias=False)
    ratio = network.parameters / network.dense_parameters
    assert ratio == pytest.approx(0.1676, abs=5e-5)


def test_targets_that_compare():
    times = {"ours": [1.0], "plain": [2.1], "gemm": [0.1]}
    row = {"clocks": {"wall": ratios(times, work=7.0, product=1.0)}}
    assert [g["met"] for g in relative.sweep_goals(row)] == [True, False]
    ours = [{"seconds": [1.0], "objective_increases": 0}]
    lines = [
        {
            "support": "fixed",
            "accuracy": {"adam": 0.95, "ours": 0.95 + gap},
            "difference": gap,
        }
        for gap in (-0.004, -0.006, 0.1)
    ]
    goals = relative.against_adam(
        [{"name": "x", "ours": ours, "adam": lines}]
    )
    assert [goal["met"] for goal in goals] == [True, False, True]
    assert targets.cells({"name": "adam", "goals": goals})[1][-1] == "MISSED"


# --- speed ---------------------------------------------------------------


def test_counted_flops_are_those_of_the_products():
    # N far above d: what torch counts is what has N in it, all of it
    # products (d is too small for the Gram matrices to go in blocks).
    n, d = 4000, 16
    layers = [Dense(d, bias=False) for _ in range(4)]
    network = Network((d,), layers)
    solver = Solver(
        Penalties(), coupling="penalty", dtype="float64", certify=False
    )
    labels = torch.arange(n) % d
    problem = solver.problem(network, torch.randn(n, d), labels)
    state, _ = solver.step(problem, solver.init(problem))
    with FlopCounterMode(display=False) as counter:
        solver.step(problem, state)
    found = sweep_flops(problem)
    assert found["rows"] == (4 + 3 * 10) * n * d * d
    assert counter.get_total_flops() == pytest.approx(found["rows"], rel=0.02)


@pytest.mark.filterwarnings("ignore::nnbcd.LargerThanDenseWarning")
def test_counted_flops_of_a_train():
    def trains(rank):
        structure = TensorTrain(rank, modes=(4, 4, 4, 4))
        layers = [Dense(16, structure=structure, bias=False)]
        network = Network((16,), [*layers, Dense(3, bias=False)])
        x, y = torch.randn(30, 16), torch.arange(30) % 3
        return sweep_flops(Solver(coupling="penalty").problem(network, x, y))[
            "trains"
        ]

    back = 2 * (4 * 2 * 4 * 2 + 16 * 2 * 4 * 2 + 64 * 2 * 4)
    cut = 2 * (2 * 4 * 4 * 64 + 9 * 4**3) + 2 * 4 * 64 * 2  # bond 1
    cut += 2 * (2 * 8 * 8 * 16 + 9 * 8**3) + 2 * 8 * 16 * 2  # bond 2
    cut += 2 * (2 * 4 * 4 * 8 + 9 * 4**3) + 2 * 8 * 4 * 2  # bond 3
    assert trains(2) == back + cut
    # With every rank full, bond 3 alone goes through its orthogonal basis.
    full = 2 * (4 * 4 * 4 * 16 + 16 * 16 * 4 * 4 + 64 * 4 * 4)
    full += 2 * (2 * 4 * 4 * 64 + 9 * 4**3) + 2 * 64 * 4 * 4
    assert trains(16) == full


def test_speed_runs_the_same_sweeps_three_ways():
    (case,) = (case for case in speed.CASES if case.name == "digits")
    network = Network(
        (64,),
        [
            Dense(32, structure=TensorTrain(6), bias=False),
            Dense(10, bias=False),
        ],
    )
    small = replace(case, network=network, rows=200)
    row = speed.run_case(small, options(rounds=3))
    phi = row["objectives"]
    assert phi["ours"] == pytest.approx(phi["plain"], rel=1e-4)
    for clock in ("wall", "processor"):
        rounds, found = row["rounds"][clock], row["clocks"][clock]
        assert [len(rounds[k]) for k in ("ours", "plain", "gemm")] == [
            2,
            2,
            10,
        ]
        assert min(rounds["ours"]) > 0
        assert found["seconds"]["ours"] == sum(rounds["ours"]) / 2
    wall = row["rounds"]["wall"]
    for k in range(2):
        blocks = sum(wall[f"ours {letter}"][k] for letter in "VUWG")
        assert 0 < blocks < wall["ours"][k]


def test_ratios_are_of_the_medians():
    times = {
        "ours": [2.0, 9.0, 1.0],
        "plain": [8.0, 7.0, 6.0],
        "gemm": [0.2, 0.1, 0.3],
    }
    found = ratios(times, work=40.0, product=2.0)
    assert found["ceiling_seconds"] == pytest.approx(4.0)
    assert found["plain_over_ours"] == 3.5
    assert found["ours_over_ceiling"] == pytest.approx(0.5)
    assert found["least"] == {"ours": 1.0, "plain": 6.0, "gemm": 0.1}


def test_tf32_needs_a_gpu():
    assert [c.name for c in speed.plan(options())] == ["har", "cnn"]
    assert len(speed.plan(options(device="cuda"))) == 4


# --- Adam ----------------------------------------------------------------


def curve(accuracy, stored=100):
    seconds = [float(k + 1) for k in range(len(accuracy))]
    sizes = [stored] * len(accuracy) if isinstance(stored, int) else stored
    return {"seconds": seconds, "accuracy": accuracy, "stored": sizes}


def test_time_to_a_share_of_the_accuracy_of_adam():
    runs = [curve([0.5, 0.96, 1.0])]
    ours = [curve([0.951, 0.98, 0.97])]
    found = compare(runs, ours, 100)
    assert found["difference"] == pytest.approx(-0.03)
    assert found["seconds_to_95"] == {"adam": 2.0, "ours": 1.0}
    assert found["seconds_to_99"] == {"adam": 3.0, "ours": None}


def test_a_network_not_yet_pruned_does_not_count():
    adam_runs = [curve([0.99, 0.99, 0.98, 0.99], [300, 101, 100, 100])]
    found = compare(adam_runs, [curve([0.5])], 100)
    assert found["seconds_to_95"]["adam"] == 3.0


def test_time_is_the_median_over_seeds():
    ours = [curve([0.0, 1.0]), curve([1.0, 1.0]), curve([0.0, 0.0])]
    found = compare([curve([1.0])] * 3, ours, 100)
    assert found["seconds_to_95"]["ours"] == 2.0


def test_adam_runs_from_end_to_end(monkeypatch, capsys, tmp_path):
    case = next(c for c in COMPARISONS if c.name == "digits-pruned-90")
    case = replace(
        case, network=SMALL, sweeps=2, epochs=2, schedule=Gradual(1)
    )
    monkeypatch.setattr(adam, "COMPARISONS", (case,))
    out = tmp_path / "rows.json"
    assert main(["adam", "--seeds", "0", "--out", str(out)]) == 0
    assert "gradual" in capsys.readouterr().out
    (row,) = json.loads(out.read_text())["rows"]
    fixed, gradual = row["adam"]
    assert {t["lr"] for t in fixed["tried"]} == {1e-3, 3e-3}
    best = max(fixed["tried"], key=lambda t: t["held_out"])
    assert fixed["lr"] == best["lr"]
    for runs in (row["ours"], fixed["runs"], gradual["runs"]):
        assert runs[0]["stored"][-1] == row["parameters"]


# --- results -------------------------------------------------------------


def test_save_replaces_a_row_and_keeps_the_others(tmp_path):
    path = tmp_path / "new" / "rows.json"
    for name, value in (("a", 1), ("b", 2), ("a", 3)):
        save(path, {"name": name, "value": value})
    rows = json.loads(path.read_text())["rows"]
    assert rows == [{"name": "a", "value": 3}, {"name": "b", "value": 2}]


def test_stored_results_say_where_they_come_from():
    for path in (ROOT / "benchmarks" / "results").glob("*.json"):
        for row in json.loads(path.read_text())["rows"]:
            assert set(provenance()) <= set(row["provenance"]), path


def test_rows_are_cut_from_the_training_part_only():
    cut, whole = load("digits", 100), load("digits")
    assert (len(cut.x_train), len(cut.y_train)) == (100, 100)
    assert len(cut.x_test) == len(whole.x_test) == 397
    assert len(whole.x_train) == 1400


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")))
def test_module_is_one_idea_long(path):
    assert len(path.read_text("utf-8").splitlines()) < 250


def test_stored_rows_are_shown_without_a_run(tmp_path, capsys, monkeypatch):
    stored = json.loads((RESULTS / "targets.json").read_text("utf-8"))["rows"]
    monkeypatch.setattr("benchmarks.targets.run_case", None)
    assert main(["targets", "--stored", "--only", "har-dense"]) == 0
    shown = capsys.readouterr().out
    (row,) = [row for row in stored if row["name"] == "har-dense"]
    assert "har-dense" in shown
    assert "digits-tt-8" not in shown
    assert f"{row['goals'][0]['median']:.4f}" in shown
    with pytest.raises(SystemExit):
        main(["targets", "--stored", "--out", str(tmp_path / "none.json")])
    assert "there is no file" in capsys.readouterr().err
