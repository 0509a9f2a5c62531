"""The experiments as described, and ``python -m nnbcd reproduce``."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

import nnbcd.experiments.lenet_flares as lenet
from nnbcd import Solver
from nnbcd.__main__ import main
from nnbcd.commands.reproduce import NAMES
from nnbcd.couplings import Penalty
from nnbcd.datasets import Dataset
from nnbcd.experiments import BY_NAME, PUBLISHED, logs, read
from nnbcd.experiments.alias import AliasedDescent
from nnbcd.experiments.starts import EIGHT

FEATURES = dict.fromkeys(("lenet-flares", "flares-inits", "flares-grid"), 10)
# The G step matters to trains only.
G_STEP = {"lenet-flares": "guarded"}


def arms(name):
    x = np.zeros((2, FEATURES.get(name, 5)))
    data = Dataset("none", x, np.arange(2), x, np.arange(2))
    return {arm.name: arm for arm in BY_NAME[name].arms(data)}


def test_the_command_line_knows_every_experiment():
    assert tuple(BY_NAME) == NAMES


@pytest.mark.parametrize("name", BY_NAME)
def test_an_experiment_is_well_formed(name):
    experiment = BY_NAME[name]
    assert experiment.name == name
    found = arms(name)
    assert len(found) == len(experiment.arms(tiny_of(name)))  # names differ
    assert any(arm.quick for arm in found.values())
    assert all(arm.full for arm in found.values())
    assert experiment.published is None or experiment.published in PUBLISHED
    for arm in found.values():
        assert 0 <= arm.quick <= arm.full
        assert len(arm.label) <= 26  # fits the table


def tiny_of(name):
    x = np.zeros((2, FEATURES.get(name, 5)))
    return Dataset("none", x, np.arange(2), x, np.arange(2))


PAPER = {
    "mnist-cnn": (5.0, 5.0, 0.1),
    "har-4": (0.5, 0.5, 5.0),
    "har-5": (0.5, 0.5, 3.0),
    "lenet-flares": (100.0, 1.0, 200.0),
}


@pytest.mark.parametrize("name", PAPER)
def test_the_settings_are_the_papers(name):
    arm = arms(name)["penalty"]
    weights = arm.solver.penalties
    assert (weights.gamma, weights.rho, weights.tau) == PAPER[name]
    assert weights.alpha == 1.0
    assert arm.solver.method == Penalty()
    assert arm.solver.g_step == G_STEP.get(name, "svd")
    assert arm.solver.certify
    assert not any(layer.bias for layer in arm.network.layers)
    assert arm.full == PUBLISHED[name][0].sweeps


@pytest.mark.parametrize("name", PAPER)
def test_ours_is_the_default_on_the_same_structures(name):
    found = arms(name)
    ours = found["consistent"]
    assert ours.solver.method == Solver().method
    assert ours.solver.schedule is None
    assert ours.network.structures == found["penalty"].network.structures
    assert found["adam"].network == ours.network
    free = found["adam-dense"].network
    assert all(s.free for s in free.structures)
    assert free.dense_parameters == ours.network.dense_parameters


@pytest.mark.parametrize("name", ["har-4", "har-5"])
def test_the_size_is_what_the_authors_count(name):
    network = arms(name)["penalty"].network
    share = network.parameters / network.dense_parameters
    assert share == pytest.approx(PUBLISHED[name][0].stored, abs=5e-5)


@pytest.mark.parametrize("name", ["digits", "mnist-cnn", "har-4", "har-5"])
def test_the_three_g_steps_differ_in_nothing_else(name):
    found = arms(name)
    paper = found["penalty"]
    for step in ("guarded", "als"):
        arm = found[f"penalty-{step}"]
        assert arm.solver == replace(paper.solver, g_step=step)
        assert arm.network == paper.network
        assert step in arm.label


def test_the_grids_have_the_authors_values():
    for name, values, tau, alpha, dtype in (
        ("har-5-grid", (0.01, 0.1, 0.5, 1, 5, 10, 100), 3.0, 1.0, "float64"),
        ("cnn-grid", (0.1, 0.5, 1, 5, 10), 0.5, 0.1, "float32"),
    ):
        found = arms(name)
        pairs = {
            (a.solver.penalties.gamma, a.solver.penalties.rho)
            for a in found.values()
        }
        assert pairs == {(g, r) for g in values for r in values}
        assert set(logs(name)) <= set(found)
        for arm in found.values():
            assert arm.solver.penalties.tau == tau
            assert arm.solver.penalties.alpha == alpha
            assert arm.solver.dtype == dtype
    assert len(arms("hyperparameters")) == 25
    assert len(arms("flares-grid")) == 16


FACTORS = {
    "inits": {"uniform": 0.01, "orthogonal": 0.2, "kaiming-uniform": 0.2},
    "har-5-inits": {"uniform": 0.01, "kaiming-uniform": 0.18},
    "cnn-inits": {"uniform": 0.02, "lecun-normal": 1.0},
    "flares-inits": {
        "uniform": 0.01,
        "lecun-normal": 0.25,
        "xavier-uniform": 0.2,
        "orthogonal": 0.2,
    },
}


@pytest.mark.parametrize("name", FACTORS)
def test_the_eight_starts_of_the_authors(name):
    found = {
        arm.name: arm
        for arm in arms(name).values()
        if getattr(arm, "start", None) is not None
    }
    starts = {arm.start.scheme for arm in found.values()}
    assert starts == set(EIGHT)
    assert len(starts) == 8
    assert set(logs(name)) <= set(found)
    for arm in found.values():
        start = arm.start
        wanted = FACTORS[name].get(start.scheme)
        assert wanted is None or start.factor == wanted
        assert start.first == (0.01 if name == "cnn-inits" else None)
        if name == "cnn-inits":
            weights = arm.solver.penalties
            assert (weights.gamma, weights.rho, weights.tau) == (
                0.5,
                0.5,
                0.2,
            )
            assert arm.network.structures[1].rank == 220


def test_the_flares_have_the_released_arm():
    arm = arms("lenet-flares")["released"]
    assert isinstance(arm, AliasedDescent)
    assert (arm.start.scheme, arm.start.factor) == ("kaiming-normal", 0.25)


def test_flares_fall_back_to_the_public_set(monkeypatch):
    def missing():
        raise FileNotFoundError

    made = tiny_of("lenet-flares")
    monkeypatch.setattr(lenet, "sharp", lambda: made)
    monkeypatch.setattr(lenet, "flares", missing)
    data, note = BY_NAME["lenet-flares"].load()
    assert data is made
    assert "not at hand" in note
    monkeypatch.setattr(lenet, "flares", lambda: tiny_of("har-4"))
    data, note = BY_NAME["lenet-flares"].load()
    assert data.features == 5
    assert "40 features" in note


def test_missing_data_are_one_sentence(monkeypatch, capsys, tmp_path):
    def missing():
        msg = "data: there is no har: put it there."
        raise FileNotFoundError(msg)

    monkeypatch.setattr("nnbcd.experiments.har.har", missing)
    command = ["reproduce", "har-4", "--out", str(tmp_path)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said.strip().endswith("data: there is no har: put it there.")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["reproduce"], "experiments are digits, .*: name one"),
        (["reproduce", "mnsit"], "experiments are .*: not 'mnsit'"),
        (
            ["reproduce", "digits", "--start", "released"],
            "--start released is known for mnist-cnn, .* not for digits",
        ),
        (
            ["reproduce", "digits", "--arms", "sgd"],
            "arms of digits are penalty, .* not 'sgd'",
        ),
    ],
)
def test_a_wrong_name_is_one_sentence(command, said, capsys):
    assert main(command) == 2
    error = capsys.readouterr().err
    assert re.search(said, error)
    assert error.count("\n") == 1


@pytest.mark.slow
def test_reproduce_digits(tmp_path, capsys):
    out, compact = tmp_path / "out", tmp_path / "compact"
    command = ["reproduce", "digits", "--quick", "--quiet"]
    command += ["--out", str(out), "--compact", str(compact)]
    assert main(command) == 0
    table = capsys.readouterr().out
    for arm in ("NN-BCD, paper", "NN-BCD, default", "Adam, same trains"):
        assert arm in table
    code = main(["certify", str(out / "penalty-seed0.json")])
    capsys.readouterr()
    assert main([*command, "--json"]) == 0  # from the records
    report = {r["run"]: r for r in json.loads(capsys.readouterr().out)}
    assert report["consistent-seed0"]["result"]["accuracy"] > 0.94
    assert report["adam-dense-seed0"]["result"]["accuracy"] > 0.96
    files = sorted(p.name for p in (compact / "digits").iterdir())
    assert files == sorted(f"{run}-quick.json" for run in report)
    small = read(compact / "digits" / "penalty-seed0-quick.json")
    assert small.history is None
    assert code == (small.verdict == "NO")


@pytest.mark.slow
def test_killed_and_started_again_it_ends_the_same(tmp_path):
    command = [sys.executable, "-m", "nnbcd", "reproduce", "digits"]
    command += ["--arms", "penalty", "--quiet", "--checkpoint-every", "0"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    rng = random.Random(2)

    def start(folder):
        return subprocess.Popen(
            [*command, "--out", str(folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )

    cut, whole = tmp_path / "cut", tmp_path / "whole"
    assert start(whole).wait() == 0
    seconds = read(whole / "penalty-seed0.json").result["seconds"]
    kept = cut / "penalty-seed0.checkpoint.npz"
    kills = 0
    while kills < 2:
        child = start(cut)
        while not kept.exists() and child.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds * rng.uniform(0, 0.3))
        if child.poll() is not None:
            break
        child.send_signal(signal.SIGKILL)
        child.wait()
        kills += 1
    assert kills
    assert kept.exists()
    assert start(cut).wait() == 0
    one, two = (read(f / "penalty-seed0.json") for f in (cut, whole))
    assert one.curve["objective"] == two.curve["objective"]
    for name in ("accuracy", "train_accuracy", "objective_rises"):
        assert one.result[name] == two.result[name]
    files = [np.load(f / "penalty-seed0.npz") for f in (cut, whole)]
    with files[0] as a, files[1] as b:
        assert set(a) == set(b)
        assert all(np.array_equal(a[k], b[k]) for k in a)
