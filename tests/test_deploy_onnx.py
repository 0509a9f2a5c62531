"""ONNX files compute what the modules do, as onnxruntime runs them."""

import pytest
import torch
from deploy_cases import NETWORKS, largest, rows, trained
from torch import nn

from nnbcd.deploy import SparseLinear, export_onnx, onnx_difference

pytest.importorskip(
    "onnxruntime", reason="install the extra onnx: pip install 'nnbcd[onnx]'"
)
HARD = {"sparse": "csr", "train": "contract"}
# The ways of multiplying that differ, each once.
CASES = [
    *((name, {}) for name in NETWORKS if name not in ("no-bias", "clip")),
    *((name, HARD) for name in ("half-sparse", "pairs", "conv-sparse")),
    ("conv-train", HARD),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_onnxruntime_gives_the_same_outputs(name, options, tmp_path):
    model = trained(name).to_module(**options, dtype=torch.float32)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    path = tmp_path / "model.onnx"
    export_onnx(model, path, rows(name, 4).float())
    for n in (1, 2, 7, 33):
        x = rows(name, n, seed=n).float()
        assert onnx_difference(model, path, x) < 1e-5
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    for key, value in model.state_dict().items():
        assert torch.equal(before[key], value)
    assert model.training


def test_a_difference_is_seen(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 2))
    x = torch.ones(1, 3)
    export_onnx(model, tmp_path / "m", x)
    with torch.no_grad():
        model[0].bias += 0.25
    gap = onnx_difference(model, tmp_path / "m", x)
    assert abs(gap - 0.25) < 1e-6


def test_a_sparse_layer_stays_small_in_the_file(tmp_path):
    torch.manual_seed(0)
    w = torch.randn(300, 400) * (torch.rand(300, 400) < 0.01)
    layer = SparseLinear(w)
    x = torch.randn(3, 400)
    export_onnx(layer, tmp_path / "m", x)
    assert (tmp_path / "m").stat().st_size < 0.06 * w.numel() * 4
    assert onnx_difference(layer, tmp_path / "m", x) < 1e-5
    assert largest(layer(x), x @ w.mT) < 1e-4


def test_refusals(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="at least one row"):
        export_onnx(nn.Linear(2, 2), tmp_path / "m", torch.ones(0, 2))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"nnbcd\[onnx\]"):
        export_onnx(nn.Linear(2, 2), tmp_path / "m", torch.ones(1, 2))
