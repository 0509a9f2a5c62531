"""Runs: each once, kept, resumed; their records and weights."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from nnbcd import Status
from nnbcd.__main__ import main
from nnbcd.certificate import certify
from nnbcd.experiments import RunPlan, read, reproduce
from nnbcd.experiments.experiment import Descent
from nnbcd.metrics import balanced_accuracy

RESULT = {
    "accuracy",
    "balanced_accuracy",
    "train_accuracy",
    "parameters",
    "dense_parameters",
    "stored_bytes",
    "effective_sparsity",
    "sweeps",
    "seconds",
    "peak_bytes",
    "objective_rises",
    "status",
}


@pytest.fixture
def plan(tmp_path):
    return RunPlan(tmp_path / "out", quiet=True)


def test_every_arm_of_the_length_runs_once_a_seed(tiny, plan):
    records = reproduce(tiny, replace(plan, seeds=(0, 3)))
    runs = [r.run for r in records]
    arms = ("penalty", "consistent", "adam", "cut", "plain-bcd")
    assert runs == [f"{arm}-seed{seed}" for arm in arms for seed in (0, 3)]
    assert all(r.quick and r.experiment == "tiny" for r in records)
    for r in records:
        assert set(r.result) == RESULT
        lengths = {len(column) for column in r.curve.values()}
        assert len(lengths) == 1
        assert read(plan.out / f"{r.run}.json") == read_back(r)
    assert records[0].result["accuracy"] != records[1].result["accuracy"] or (
        records[0].curve["objective"] != records[1].curve["objective"]
    )


def read_back(record):
    """The record as JSON gives it back."""
    return replace(
        record, **json.loads(json.dumps(vars_of(record), default=list))
    )


def vars_of(record):
    return {k: v for k, v in vars(record).items() if not k.startswith("_")}


def test_a_full_run_is_longer_and_takes_the_rare_arm(tiny, plan):
    plan = replace(plan, quick=False, arms=("penalty", "rare"))
    lengths = [r.result["sweeps"] for r in reproduce(tiny, plan)]
    assert lengths == [7, 2]
    full = tiny.chosen(tiny.load()[0], None, quick=False)
    assert "rare" in [arm.name for arm in full]


def test_a_length_of_ones_own(tiny, plan):
    plan = replace(plan, arms=("penalty", "rare"), length=3)
    assert [r.result["sweeps"] for r in reproduce(tiny, plan)] == [3, 3]
    with pytest.raises(ValueError, match="length must be"):
        reproduce(tiny, replace(plan, length=0))


def test_a_run_with_its_record_is_not_run_again(tiny, plan, monkeypatch):
    plan = replace(plan, arms=("penalty", "adam"))
    first = reproduce(tiny, plan)
    monkeypatch.setattr(Descent, "run", None)
    assert reproduce(tiny, plan) == [read_back(r) for r in first]
    with pytest.raises(TypeError):
        reproduce(tiny, replace(plan, fresh=True))


def test_a_record_of_other_settings_is_replaced(tiny, plan):
    plan = replace(plan, arms=("penalty",))
    reproduce(tiny, plan)
    (longer,) = reproduce(tiny, replace(plan, quick=False))
    assert longer.result["sweeps"] == 7
    assert read(plan.out / "penalty-seed0.json").result["sweeps"] == 7


def test_a_damaged_record_is_run_again(tiny, plan):
    plan = replace(plan, arms=("penalty",))
    (first,) = reproduce(tiny, plan)
    assert not first.history["blocks"]
    (plan.out / "penalty-seed0.json").write_text('{"schema": "nn', "utf-8")
    (again,) = reproduce(tiny, plan)
    assert again.curve["objective"] == first.curve["objective"]


def test_an_interrupted_run_leaves_a_checkpoint_and_goes_on(
    tiny, plan, monkeypatch
):
    import nnbcd.run

    plan = replace(plan, arms=("penalty",))
    (whole,) = reproduce(tiny, replace(plan, out=plan.out / "whole"))
    one_sweep, done = nnbcd.run.one_sweep, []

    def third_is_cut(solver, problem, state, number, *more):
        done.append(number)
        if len(done) == 3:
            raise KeyboardInterrupt
        return one_sweep(solver, problem, state, number, *more)

    monkeypatch.setattr(nnbcd.run, "one_sweep", third_is_cut)
    with pytest.raises(KeyboardInterrupt):
        reproduce(tiny, plan)
    assert [p.name for p in plan.out.glob("penalty*")] == [
        "penalty-seed0.checkpoint.npz"
    ]
    (rest,) = reproduce(tiny, plan)
    assert done == [1, 2, 3, 3, 4]
    assert rest.curve["objective"] == whole.curve["objective"]
    assert sorted(p.name for p in plan.out.glob("penalty*")) == [
        "penalty-seed0.json",
        "penalty-seed0.npz",
    ]


def test_the_record_says_what_the_run_was(tiny, plan):
    (penalty, adam) = reproduce(
        tiny, replace(plan, arms=("penalty", "adam"), blocks=True)
    )
    data, _ = tiny.load()
    assert penalty.method == "penalty"
    assert adam.method == "adam"
    assert penalty.data == {
        "name": "tiny",
        "train_rows": 40,
        "test_rows": 20,
        "features": 6,
        "classes": 3,
        "note": "made up",
    }
    assert "tau=2.0" in penalty.settings["penalties"]
    assert adam.settings["lr"] == 1e-3
    for name in ("commit", "device", "torch", "numpy", "python", "date"):
        assert name in penalty.environment
    assert penalty.environment["threads"] == torch.get_num_threads()
    assert (penalty.environment["dtype"], adam.environment["dtype"]) == (
        "float64",
        "float32",
    )
    assert penalty.result["status"] == Status.MAX_SWEEPS.name
    assert penalty.result["seconds"] == penalty.curve["seconds"][-1] > 0
    assert penalty.result["parameters"] < penalty.result["dense_parameters"]
    assert {row["block"] for row in penalty.history["blocks"]} == set("VUWG")
    assert penalty.verdict == "H1"  # too few sweeps for H2
    assert certify(penalty.certified()).descends
    assert adam.certificate is None
    with pytest.raises(ValueError, match="no history of sweeps"):
        adam.certified()
    # The weights in the file are those whose accuracy is recorded.
    with np.load(plan.out / "penalty-seed0.npz", allow_pickle=False) as kept:
        weights = dict(kept)
    x = data.x_test
    for i in range(3):
        w = weights.get(f"w{i}")
        if w is None:
            cores = [weights[f"w{i}_core{k}"] for k in range(20)
                     if f"w{i}_core{k}" in weights]  # fmt: skip
            full = cores[0]
            for core in cores[1:]:
                full = np.tensordot(full, core, axes=1)
            w = full.reshape(len(weights[f"b{i}"]), -1)
        x = x @ w.T + weights[f"b{i}"]
        x = np.maximum(x, 0) if i < 2 else x
    found = x.argmax(1)
    assert (found == data.y_test).mean() == penalty.result["accuracy"]
    assert penalty.result["balanced_accuracy"] == pytest.approx(
        balanced_accuracy(data.y_test, found)
    )


def test_weights_of_a_baseline(tiny, plan):
    reproduce(tiny, replace(plan, arms=("adam", "cut")))
    with np.load(plan.out / "adam-seed0.npz", allow_pickle=False) as kept:
        assert {"b0", "w2", "w0_core0"} <= set(kept)
        assert "w0" not in kept
    with np.load(plan.out / "cut-seed0.npz", allow_pickle=False) as kept:
        assert (kept["w0"] == 0).mean() == pytest.approx(0.5)


def test_certify_accepts_the_record(tiny, plan, capsys):
    reproduce(tiny, replace(plan, arms=("penalty", "adam")))
    assert main(["certify", str(plan.out / "penalty-seed0.json")]) == 0
    assert "the objective never rose (H1)" in capsys.readouterr().out
    assert main(["certify", str(plan.out / "adam-seed0.json")]) == 2
    assert "no history of sweeps" in capsys.readouterr().err


def test_an_unknown_arm_is_named(tiny, plan):
    with pytest.raises(ValueError, match="are penalty, .* not 'sgd'"):
        reproduce(tiny, replace(plan, arms=("sgd",)))


def test_progress_says_which_run_and_what_is_left(tiny, plan, capsys):
    plan = replace(plan, arms=("penalty", "adam"), quiet=False)
    reproduce(tiny, plan)
    said = capsys.readouterr().err
    assert "[1/2] penalty, seed 0: 4 sweeps" in said
    assert "left for 1 more" in said
    assert "4/4" in said  # the bar
    reproduce(tiny, plan)
    assert "[2/2] adam-seed0: has its record" in capsys.readouterr().err
