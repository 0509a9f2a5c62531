"""python -m nnbcd compress: from a saved model to a smaller one."""

import json

import pytest
import torch
from torch import nn

import nnbcd
from nnbcd.__main__ import main
from nnbcd.datasets import digits


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """A dense network on digits, saved by train."""
    path = tmp_path_factory.mktemp("models") / "dense.safetensors"
    words = ["train", "--hidden", "64", "--sweeps", "5", "--quiet"]
    assert main([*words, "--save", str(path)]) == 0
    return path


@pytest.mark.parametrize("structure", ["lowrank", "sparse", "tt"])
def test_from_file_to_file(dense, structure, tmp_path, capsys):
    out = tmp_path / "small.safetensors"
    words = ["compress", str(dense), "--data", "digits", "--ratio", "0.4"]
    words += ["--structure", structure, "--save", str(out), "--quiet"]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["parameters"] <= 0.4 * facts["dense_parameters"]
    assert facts["accuracy"] > facts["accuracy_before"] - 0.03
    assert {layer["name"] for layer in facts["layers"]} >= {"linear1"}
    # The file holds what was reported, and predicts the same labels.
    model, data = nnbcd.load(out), digits()
    x = torch.tensor(data.x_test).to(next(model.parameters()))
    best = model.predict(x).numpy()
    assert float((best == data.y_test).mean()) == facts["accuracy"]
    overhead = 4096  # the header
    assert facts["bytes"] <= out.stat().st_size <= facts["bytes"] + overhead


def test_the_table(dense, capsys):
    words = ["compress", str(dense), "--data", "digits", "--quiet"]
    capsys.readouterr()
    assert main([*words, "--tolerance", "0.2", "--refine", "2"]) == 0
    shown = capsys.readouterr().out
    assert "linear1" in shown
    assert "test accuracy 0." in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--ratio", "2"], "ratio must lie in"),
        (["--ratio", "0.001"], "ratio leaves"),
        (["--ratio", "0.5", "--rows", "0"], "--rows must be"),
        (["--ratio", "0.5", "--include", "nine"], "no layer matches 'nine'"),
    ],
)
def test_mistakes_are_one_sentence(dense, words, message, capsys):
    start = ["compress", str(dense), "--data", "digits", "--quiet"]
    assert main([*start, *words]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


def test_data_of_another_size_are_refused(tmp_path, capsys):
    path = tmp_path / "wide.safetensors"
    nnbcd.save(nn.Sequential(nn.Linear(9, 3)), path)
    words = ["compress", str(path), "--data", "digits", "--ratio", "0.5"]
    assert main(words) == 2
    assert "the model takes 9" in capsys.readouterr().err
