"""Files of models: round trips, sizes, refusals, broken files."""

import errno
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from deploy_cases import NETWORKS, largest, rows, trained
from torch import nn

import nnbcd
from nnbcd import LoadError
from nnbcd.deploy import MaskedLinear, Piecewise, SparseLinear, TTLinear
from nnbcd.deploy.coding import index_bytes
from nnbcd.deploy.header import read_header

FUZZ = Path(__file__).with_name("fuzz_load.py")


def sections(path):
    """Header as JSON, and the bytes behind it."""
    data = path.read_bytes()
    n = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + n]), data[8 + n :]


def rewritten(path, change):
    """The file with its description changed."""
    header, numbers = sections(path)
    about = json.loads(header["__metadata__"]["nnbcd"])
    header["__metadata__"]["nnbcd"] = json.dumps(change(about))
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + numbers)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.half])
@pytest.mark.parametrize(
    "options",
    [{}, {"sparse": "csr", "train": "contract"}, {"lean": True}],
    ids=str,
)
@pytest.mark.parametrize("name", NETWORKS)
def test_round_trip(name, options, dtype, tmp_path):
    model = trained(name).to_module(**options, dtype=dtype).eval()
    path = tmp_path / "model.safetensors"
    nnbcd.save(model, path)
    again = nnbcd.load(path)
    assert repr(again) == repr(model)
    old, new = model.state_dict(), again.state_dict()
    assert list(old) == list(new)
    for key, value in old.items():
        assert value.dtype == new[key].dtype
        assert torch.equal(value, new[key])
    x = rows(name, 6).to(dtype)
    assert torch.equal(again.predict(x), model.predict(x))
    # The numbers are the same; their places in memory are not, and a product
    # may round differently for that.
    wanted = model(x)
    scale = float(wanted.detach().abs().max())
    assert largest(again(x), wanted) <= 4 * torch.finfo(dtype).eps * scale
    assert not again.training
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_result_is_saved_as_its_module(tmp_path):
    result = trained("very-sparse")
    nnbcd.save(result, tmp_path / "m")
    again = nnbcd.load(tmp_path / "m", device="cpu")
    x = rows("very-sparse", 9)
    assert largest(again(x), result.decision(x)) < 1e-12
    assert again.input_shape == (8,)
    assert again.classes.tolist() == [0, 1, 2]


def test_a_loaded_model_trains_on(tmp_path):
    nnbcd.save(trained("half-sparse"), tmp_path / "m")
    model = nnbcd.load(tmp_path / "m").train()
    model(rows("half-sparse", 9)).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_layers_of_torch(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same", groups=2, bias=False),
        nn.BatchNorm2d(4),
        nn.GELU(approximate="tanh"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2, padding=1, count_include_pad=False),
        nn.AdaptiveAvgPool2d((2, 2)),
        nn.ELU(0.5),
        nn.Flatten(2),
        nn.LayerNorm(4, eps=0.1),
        Piecewise([(float("-inf"), 0.0, -1.0), (-1.0, 1.0, 0.0)]),
        nn.Softmax(dim=-1),
        nn.Dropout(0.3),
    )
    x = torch.randn(3, 2, 7, 7)
    model(x)  # moves the statistics
    nnbcd.save(model.eval(), tmp_path / "m")
    again = nnbcd.load(tmp_path / "m")
    assert repr(again) == repr(model)
    assert largest(again(x), model(x)) == 0


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(width, width), nn.ReLU())
        self.norm = nn.LayerNorm(width, bias=False)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.norm(x + self.scale * self.inner(x))


def test_parts_of_a_class_of_ones_own(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(Residual(6), Residual(6))
    pruned = torch.randn(6, 6) * (torch.rand(6, 6) < 0.2)
    model[1].inner[0] = SparseLinear(pruned, torch.randn(6))
    with torch.no_grad():
        model[0].scale.mul_(3)
    nnbcd.save(model, tmp_path / "m")
    with pytest.raises(LoadError, match=r"parts of a Residual.*like="):
        nnbcd.load(tmp_path / "m")
    blank = nn.Sequential(Residual(6), Residual(6))
    before = {k: v.clone() for k, v in blank.state_dict().items()}
    again = nnbcd.load(tmp_path / "m", like=blank)
    x = torch.randn(4, 6)
    assert largest(again(x), model(x)) == 0
    assert isinstance(again[1].inner[0], SparseLinear)
    assert all(
        torch.equal(before[k], v) for k, v in blank.state_dict().items()
    )
    with pytest.raises(LoadError, match="of shape"):
        nnbcd.load(
            tmp_path / "m", like=nn.Sequential(Residual(5), Residual(5))
        )
    with pytest.raises(LoadError, match="like has no part"):
        nnbcd.load(
            tmp_path / "m", like=nn.Sequential(nn.Linear(2, 2), Residual(6))
        )


@pytest.mark.parametrize(
    ("shape", "share", "coding"),
    [
        ((300, 784), 0.02, "columns"),  # two bytes
        ((100, 300), 0.02, "columns"),
        ((64, 200), 0.05, "columns"),  # one byte
        ((64, 200), 0.2, "bitmap"),
        ((20, 40000), 0.01, "columns"),  # four bytes
        ((20, 40000), 0.05, "bitmap"),
    ],
)
@pytest.mark.parametrize("kind", [SparseLinear, MaskedLinear])
def test_the_shortest_coding_is_written(shape, share, coding, kind, tmp_path):
    torch.manual_seed(0)
    w = torch.randn(shape) * (torch.rand(shape) < share)
    layer = kind(w)
    nnbcd.save(layer, tmp_path / "m")
    header = read_header(tmp_path / "m")
    kept = int((w != 0).sum())
    sizes = index_bytes(kept, *shape)
    assert header.data == 4 * kept + min(sizes.values())
    assert (coding in header.tensors) and sizes[coding] == min(sizes.values())
    assert torch.equal(nnbcd.load(tmp_path / "m").weight(), w)


def test_a_nearly_empty_masked_layer_is_written_at_its_size(tmp_path):
    w = torch.zeros(100, 100)
    w[3, 4] = 1
    nnbcd.save(MaskedLinear(w), tmp_path / "m")
    assert "bitmap" in read_header(tmp_path / "m").tensors
    assert torch.equal(nnbcd.load(tmp_path / "m").weight(), w)
    nnbcd.save(SparseLinear(w), tmp_path / "m")
    assert "columns" in read_header(tmp_path / "m").tensors

    def lie(about):
        about["model"]["kind"] = "MaskedLinear"
        return about

    rewritten(tmp_path / "m", lie)
    with pytest.raises(LoadError, match="1024 times"):
        nnbcd.load(tmp_path / "m")


def test_other_programs_can_read_the_file(tmp_path):
    from safetensors.torch import load_file

    model = trained("train").to_module()
    nnbcd.save(model, tmp_path / "m.safetensors")
    found = load_file(tmp_path / "m.safetensors")
    core = model.state_dict()["linear1.cores.0"]
    assert torch.equal(found["linear1.cores.0"], core)


def test_unknown_keys_and_tensors_of_a_minor_version_are_ignored(tmp_path):
    path = tmp_path / "m"
    nnbcd.save(trained("half-sparse"), path)

    def newer(about):
        about |= {"version": "1.7", "licence": "none"}
        about["model"]["parts"][0][1]["comment"] = {"any": ["thing"]}
        return about

    rewritten(path, newer)
    x = rows("half-sparse", 3)
    wanted = trained("half-sparse").to_module()(x)
    assert largest(nnbcd.load(path)(x), wanted) == 0


@pytest.mark.parametrize(
    ("version", "said"),
    [("2.0", "update nnbcd"), ("0.9", "reads 1.x"), ("x", "damaged")],
)
def test_other_major_versions_are_refused(version, said, tmp_path):
    nnbcd.save(nn.Linear(2, 2), tmp_path / "m")
    rewritten(tmp_path / "m", lambda about: about | {"version": version})
    with pytest.raises(LoadError, match=said):
        nnbcd.load(tmp_path / "m")


def test_a_kind_that_is_not_known_is_named(tmp_path):
    nnbcd.save(nn.Linear(2, 2), tmp_path / "m")
    rewritten(tmp_path / "m", lambda a: a | {"model": {"kind": "Mamba"}})
    with pytest.raises(LoadError, match=r"kind 'Mamba'.*newer"):
        nnbcd.load(tmp_path / "m")


def huge(entry, number):
    """A header that claims much more than there is."""
    text = json.dumps({"w": entry, "__metadata__": {"nnbcd": "{}"}}).encode()
    return (number or len(text)).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a safetensors file"),
        (b"\x80\x04\x95 this is a pickle", "not a safetensors file"),
        (b"\xff" * 8 + b"{}", "not a safetensors file"),
        (
            huge(
                {
                    "dtype": "F32",
                    "shape": [2**40, 2**20],
                    "data_offsets": [0, 2**40],
                },
                None,
            ),
            "shape and its bytes disagree",
        ),
        (
            huge(
                {
                    "dtype": "F32",
                    "shape": [2**40],
                    "data_offsets": [0, 2**42],
                },
                None,
            ),
            "should hold",
        ),
        (
            huge({"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, None)
            + bytes(9),
            "should hold",
        ),
        (
            huge(
                {"dtype": "C64", "shape": [0], "data_offsets": [0, 0]}, None
            ),
            "never saved",
        ),
    ],
    ids=["empty", "pickle", "length", "shape", "offset", "tail", "dtype"],
)
def test_files_that_lie_are_refused(content, said, tmp_path):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(LoadError, match=said):
        nnbcd.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("out_features", 2**40, "claims|shape"),
        ("in_features", 2**31, "claims|train|shape"),
        ("out_features", 0, "claims|train|shape"),
        ("out_features", "6", "does not say"),
        ("coding", "zip", "coding"),
        ("coding", "bitmap", "bitmap"),
        ("in_features", 7, "places"),
    ],
)
def test_layers_that_lie_are_refused(key, value, said, tmp_path):
    w = torch.zeros(60, 80)
    w[5, 7] = w[6, 79] = 1
    nnbcd.save(SparseLinear(w), tmp_path / "m")

    def lie(about):
        about["model"][key] = value
        return about

    rewritten(tmp_path / "m", lie)
    with pytest.raises(LoadError, match=said):
        nnbcd.load(tmp_path / "m")


def test_a_train_that_lies_is_refused(tmp_path):
    core = torch.ones(1, 12, 1)
    nnbcd.save(TTLinear([core], out_features=4), tmp_path / "m")

    def lie(about):
        about["model"] |= {"in_features": 2**20, "pairs": None}
        return about

    rewritten(tmp_path / "m", lie)
    with pytest.raises(LoadError, match="no train of 4 x 1048576"):
        nnbcd.load(tmp_path / "m")


def test_other_safetensors_files_are_told_apart(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(2)}, tmp_path / "m")
    with pytest.raises(LoadError, match=r"not written by nnbcd\.save"):
        nnbcd.load(tmp_path / "m")


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m"
    nnbcd.save(nn.Linear(2, 2), path)
    before = path.read_bytes()
    shared = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="same module"):
        nnbcd.save(nn.Sequential(shared, shared), path)

    def full(*_):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        nnbcd.save(nn.Linear(3, 3), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    with pytest.raises(FileNotFoundError):
        nnbcd.load(tmp_path / "none")


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(600, id="few"),
        pytest.param(
            10_000, id="many", marks=[pytest.mark.faults, pytest.mark.slow]
        ),
    ],
)
def test_broken_files_load_or_are_refused(count):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(FUZZ), str(count), "1"],
        capture_output=True,
        text=True,
        cwd=FUZZ.parents[1],
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-2000:]
    said = f"{count} broken files: (\\d+) refused, (\\d+) loaded, 0 crashes"
    match = re.match(said, done.stdout)
    assert match
    refused, loaded = map(int, match.groups())
    assert refused + loaded == count
    assert loaded > count / 20  # not all were refused at the door
