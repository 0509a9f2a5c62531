"""The comparison with neighbouring methods says what was run."""

import json
from dataclasses import replace
from statistics import median

import pytest

from benchmarks import neighbours
from benchmarks.__main__ import main
from benchmarks.neighbour_cases import CASES
from benchmarks.neighbour_methods import METHODS, OUR_START
from nnbcd import Dense, LowRank, Network, Solver
from nnbcd.couplings import Penalty

BY_NAME = {case.name: case for case in CASES}


def run(monkeypatch, capsys, tmp_path, name, network, seeds):
    case = replace(
        BY_NAME[name],
        data="digits",
        network=network,
        sweeps=2,
        epochs=3,
        plain_sweeps=4,
    )
    monkeypatch.setattr(neighbours, "CASES", (case,))
    out = tmp_path / "rows.json"
    words = ["neighbours", "--seeds", *seeds, "--out", str(out)]
    assert main(words) == 0
    (row,) = json.loads(out.read_text())["rows"]
    assert [line["method"] for line in row["methods"]] == list(case.methods)
    for line in row["methods"]:
        assert [str(r["seed"]) for r in line["runs"]] == seeds
        ends = [r["accuracy"][-1] for r in line["runs"]]
        assert line["accuracy"] == median(ends)
        for one in line["runs"]:
            assert one["parameters"] == row["parameters"]
            assert one["seconds"] == sorted(one["seconds"])
            assert one["processor"] > 0
    return row, capsys.readouterr().out


def test_digits_dense(monkeypatch, capsys, tmp_path):
    network = Network((64,), [Dense(16), Dense(10)])
    row, shown = run(
        monkeypatch, capsys, tmp_path, "digits-dense", network, ["0", "1"]
    )
    ours, published, start, adam = row["methods"]
    lengths = [len(x["runs"][0]["accuracy"]) for x in row["methods"]]
    assert lengths == [2, 4, 4, 3]
    assert published["settings"] == {}
    assert start["settings"]["alpha"] == 1.0
    assert published["runs"] != start["runs"]
    for line in (ours, published, start):
        rises = [r["objective_increases"] for r in line["runs"]]
        assert rises == [0, 0]
    rates = dict(adam["tried"])
    assert set(rates) == {1e-3, 3e-3}
    assert rates[adam["lr"]] == max(rates.values())
    assert "plain BCD, public settings" in shown


def test_har_low_rank(monkeypatch, capsys, tmp_path):
    layers = [Dense(16, structure=LowRank(4)), Dense(10)]
    row, shown = run(
        monkeypatch,
        capsys,
        tmp_path,
        "har-low-rank-80",
        Network((64,), layers),
        ["0"],
    )
    _, spectral, random = row["methods"]
    assert spectral["runs"][0]["accuracy"] != random["runs"][0]["accuracy"]
    assert "spectral start" in shown


def test_our_start_is_what_the_solver_takes():
    solver, start = Solver(coupling="penalty"), OUR_START
    for name in ("gamma", "rho", "alpha"):
        assert start[name] == getattr(solver.penalties, name)
    assert start["initialisation"] == solver.initialisation
    assert start["scale"] == Penalty.default_scale


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_method_is_known(case):
    assert set(case.methods) <= set(METHODS)
