"""Bytes, flops and latency of a model, and the commands that print them."""

import json

import pytest
import torch
from deploy_cases import NETWORKS, largest, rows, trained
from torch import nn

import nnbcd
from nnbcd.__main__ import main
from nnbcd.deploy import (
    CompressedNetwork,
    Latency,
    MaskedLinear,
    SparseLinear,
    dense_twin,
    measure,
    report,
)
from nnbcd.deploy.header import read_header
from nnbcd.deploy.latency import say
from nnbcd.deploy.units import units


def lenet(share=0.02):
    """LeNet-300-100 with this share of its hidden weights, float32."""
    torch.manual_seed(0)

    def pruned(m, n):
        return torch.randn(m, n) * (torch.rand(m, n) < share) / n**0.5

    return CompressedNetwork(
        {
            "linear1": SparseLinear(pruned(300, 784), torch.randn(300)),
            "activation1": nn.ReLU(),
            "linear2": MaskedLinear(pruned(100, 300), torch.randn(100)),
            "activation2": nn.ReLU(),
            "linear3": nn.Linear(100, 10),
        },
        input_shape=(784,),
    )


@pytest.mark.parametrize("options", [{}, {"sparse": "csr"}], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_dense_twin_is_the_same_function(name, options):
    model = trained(name).to_module(**options)
    twin, x = dense_twin(model), rows(name, 5)
    assert largest(twin(x), model(x)) < 1e-12
    kinds = {type(m) for _, m in units(twin)}
    assert kinds <= {nn.Linear, nn.Conv2d}
    numbers = sum(p.numel() for p in twin.parameters())
    assert numbers == trained(name).dense_parameters


@pytest.mark.parametrize("name", NETWORKS)
def test_bytes_are_those_of_the_file(name, tmp_path):
    result = trained(name)
    model = result.to_module(dtype=torch.float32)
    found = report(model, batches=())
    nnbcd.save(model, tmp_path / "m")
    assert found.total.stored_bytes == read_header(tmp_path / "m").data
    labels = model.classes.numel() * 8
    assert found.total.dense_bytes == 4 * result.dense_parameters + labels
    assert found.total.parameters == result.parameters
    assert found.total.dense_parameters == result.dense_parameters
    inside = sum(layer.stored_bytes for layer in found.layers)
    assert inside + labels == found.total.stored_bytes


def test_flops_are_counted():
    found = report(lenet(), batches=())
    first, second, third = found.layers
    assert first.dense_flops == 2 * 300 * 784
    kept = first.parameters - 300
    assert first.flops == 2 * kept
    assert second.flops == second.dense_flops == 2 * 300 * 100
    assert third.flops == 2000
    conv = report(trained("conv").to_module(), batches=())
    # 4 channels on 7 x 6, kernel 3 x 3 x 2; then 6 on 3 x 2, 3 x 3 x 4
    assert [x.flops for x in conv.layers[:2]] == [
        2 * 42 * 4 * 18,
        2 * 6 * 6 * 36,
    ]
    low = report(trained("conv-low-rank").to_module(), batches=())
    assert low.layers[0].flops == 2 * 42 * 2 * (18 + 4)
    assert low.layers[0].dense_flops == conv.layers[0].flops
    train = report(trained("conv-train").to_module(), batches=())
    assert train.layers[0].dense_flops == conv.layers[0].flops


def test_a_pruned_lenet_stores_less_than_a_twentieth():
    found = report(lenet(), batches=())
    assert found.total.stored_bytes < 0.05 * found.total.dense_bytes
    kinds = [layer.kind for layer in found.layers]
    assert "16-bit columns, csr" in kinds[0]
    assert "masked" in kinds[1]
    # all that is stored: 4 bytes a number, 2 an index and a row
    first = found.layers[0]
    kept = first.parameters - 300
    assert first.stored_bytes == 4 * first.parameters + 2 * (kept + 300)


def test_latency_is_measured_beside_dense():
    seen = []
    seconds = measure(
        [
            lambda: seen.append(0),
            lambda: [seen.append(1) for _ in range(300)],
        ],
        repeats=3,
    )
    assert seconds[0] < seconds[1]
    found = report(lenet(), batches=(1, 3), repeats=2)
    for row in (*found.layers, found.total):
        assert list(row.latency) == [1, 3]
        assert all(
            t.seconds > 0 < t.dense_seconds for t in row.latency.values()
        )
    assert len(found.sentences()) == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.25, "At batch 8 it is 4.0 times as fast as dense."),
        (1.05, "At batch 8 there is no speed-up: as fast as dense."),
        (
            3.0,
            "At batch 8 there is no speed-up: it takes 3.0 times as long as "
            "dense.",
        ),
    ],
)
def test_a_missing_speedup_is_said_in_words(seconds, said):
    assert say(Latency(seconds, 1.0), 8) == said


def test_reports_refuse_what_they_cannot_measure():
    with pytest.raises(ValueError, match="no layer with a weight"):
        report(nn.Sequential(nn.ReLU()))
    with pytest.raises(ValueError, match="example is needed"):
        report(nn.Sequential(nn.Conv2d(1, 2, 3)))
    found = report(
        nn.Sequential(nn.Conv2d(1, 2, 3)),
        example=torch.ones(1, 1, 5, 5),
        batches=(),
    )
    assert found.total.flops == 2 * 9 * 2 * 9


def test_training_mode_is_left_alone():
    model = lenet()
    model.train()
    report(model, batches=())
    assert model.training


def test_train_save_inspect_export(tmp_path, capsys):
    path = tmp_path / "digits.safetensors"
    code = main(
        ["train", "--hidden", "300", "100", "--structure", "sparse"]
        + ["--sparsity", "0.98", "--sweeps", "2", "--quiet", "--json"]
        + ["--save", str(path)]
    )
    assert code == 0
    trained_facts = json.loads(capsys.readouterr().out)
    assert main(["inspect", str(path), "--batch", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    total = facts["total"]
    assert total["parameters"] == trained_facts["parameters"]
    assert total["dense_parameters"] == trained_facts["dense_parameters"]
    assert facts["file_bytes"] == path.stat().st_size
    assert (
        total["stored_bytes"] + facts["header_bytes"] == facts["file_bytes"]
    )
    assert main(["inspect", str(path), "--batch", "2", "--repeats", "1"]) == 0
    text = capsys.readouterr().out
    assert "linear1" in text and "in all" in text
    assert "thread(s)" in text and "At batch 2" in text
    assert nnbcd.load(path).predict(torch.zeros(1, 64)).shape == (1,)


def test_lean_models_are_smaller(tmp_path, capsys):
    sizes = []
    for extra in ([], ["--lean"]):
        path = tmp_path / "m"
        words = ["train", "--hidden", "64", "64", "--structure", "sparse"]
        words += ["--sparsity", "0.99", "--sweeps", "1", "--quiet", "--json"]
        assert main([*words, "--save", str(path), *extra]) == 0
        sizes.append(path.stat().st_size)
    assert sizes[1] < sizes[0]
    capsys.readouterr()


@pytest.mark.slow
def test_export_reports_the_difference(tmp_path, capsys):
    pytest.importorskip("onnxruntime", reason="pip install 'nnbcd[onnx]'")
    nnbcd.save(lenet(), tmp_path / "m")
    out = tmp_path / "m.onnx"
    words = ["export", str(tmp_path / "m"), "--onnx", str(out)]
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["largest_difference"] < 1e-5
    assert facts["onnx_bytes"] == out.stat().st_size
    assert main(words) == 0
    assert "onnxruntime differs by at most" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inspect", "{none}"], "no such file"),
        (["inspect", "{pickle}"], "not a safetensors file"),
        (["inspect", "{good}", "--threads", "0"], "--threads must be"),
        (["export", "{pickle}", "--onnx", "x"], "not a safetensors file"),
        (["train", "--lean"], "--lean needs --save"),
        (["train", "--save", "{none}/x"], "--save: the folder"),
    ],
)
def test_mistakes_are_one_sentence(words, said, tmp_path, capsys):
    (tmp_path / "pickle").write_bytes(b"\x80\x04\x95 a pickle, no model")
    nnbcd.save(nn.Linear(2, 2), tmp_path / "good")
    names = {n: str(tmp_path / n) for n in ("none", "pickle", "good")}
    assert main([word.format(**names) for word in words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
