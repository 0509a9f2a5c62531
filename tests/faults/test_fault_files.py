"""Files that are damaged at random: read as they were, or refused by name."""

import gzip
import json
import random
import re
import sys
import zipfile

import jaxtyping
import numpy as np
import pytest
import torch

from nnbcd import Dense, History, LowRank, Network, Solver, Sparse
from nnbcd.archives import DamagedArchiveError, read_npz
from nnbcd.checkpoint import load
from nnbcd.datasets import flares, from_npz, har
from nnbcd.datasets.har_release import ROWS
from nnbcd.datasets.idx import read as read_idx
from nnbcd.datasets.tables import read as read_table
from nnbcd.experiments.record import RunRecord
from nnbcd.experiments.record import read as read_record
from nnbcd.packing import pack

pytestmark = pytest.mark.faults
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((20, 6)), np.arange(20) % 3
LAYERS = [Dense(8, structure=LowRank(2)), Dense(5, structure=Sparse(0.5))]
NET = Network(6, [*LAYERS, Dense(3)])
SOLVER = Solver(coupling="penalty", sweeps=2)
TRIES = 300  # of each kind of file
NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def damaged(raw, rng):
    """The bytes with one thing wrong that may happen to a file."""
    at = rng.randrange(len(raw))
    kind = rng.randrange(6)
    if kind == 0:  # a bit flips
        return (
            raw[:at]
            + bytes([raw[at] ^ 1 << rng.randrange(8)])
            + raw[at + 1 :]
        )
    if kind == 1:  # it is cut
        return raw[:at]
    if kind == 2:  # a block of the disk is lost
        return raw[:at] + bytes(min(512, len(raw) - at)) + raw[at + 512 :]
    if kind == 3:  # something was written into it
        extra = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        return raw[:at] + extra + raw[at:]
    if kind == 4:  # a part is there twice
        size = rng.randrange(1, 1 + len(raw) // 2)
        return raw[: at + size] + raw[at:]
    head = at % 200 % len(raw)  # the first bytes matter most
    return raw[:head] + bytes([rng.randrange(256)]) + raw[head + 1 :]


def survived(path, read, same, tries, seed=0):
    """How often a damaged file was refused in a sentence; never misread."""
    raw, rng, refused = path.read_bytes(), random.Random(seed), 0
    whole = read(path)
    for _ in range(tries):
        path.write_bytes(damaged(raw, rng))
        try:
            found = read(path)
        except ValueError as error:
            text = str(error)
            assert type(error) is ValueError, (type(error), text)
            assert re.match(r"^[^\n]+$", text), text
            assert len(text) < 300, text
            refused += 1
        else:
            assert same(whole, found)
    path.write_bytes(raw)
    return refused


def same_state(a, b):
    one, other = pack(a.state), pack(b.state)
    return (
        one[1] == other[1]
        and one[0].keys() == other[0].keys()
        and all(np.array_equal(one[0][k], other[0][k]) for k in one[0])
        and a.history == b.history
        and a.fingerprint == b.fingerprint
    )


def same_data(a, b):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in NAMES
    )


def anything(a, b):
    """Text has no checksum: a digit may be another digit."""
    return True


def test_checkpoints(tmp_path, how_many, tally):
    path, tries = tmp_path / "run.npz", how_many(TRIES)
    SOLVER.fit(NET, X, Y, checkpoint=path)
    assert survived(path, load, same_state, tries) > 0.8 * tries
    tally("files mutated", tries)


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_data_of_your_own(write, tmp_path, how_many, tally):
    path, tries = tmp_path / "data.npz", how_many(TRIES)
    write(path, **dict(zip(NAMES, (X, Y, X, Y), strict=True)))
    assert survived(path, from_npz, same_data, tries) > 0.5 * tries
    tally("files mutated", tries)


def test_images(tmp_path, how_many, tally):
    path, tries = tmp_path / "images.gz", how_many(TRIES)
    pixels = RNG.integers(0, 256, (5, 6, 6)).astype(np.uint8)
    head = b"\0\0\x08\x03" + np.array(pixels.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(head + pixels.tobytes()))
    assert survived(path, read_idx, np.array_equal, tries) > 0.5 * tries
    tally("files mutated", tries)


def test_images_without_their_packing(tmp_path, how_many, tally):
    """What a checksum would have found is found by the sizes, or stands."""
    tries, rng = how_many(TRIES), random.Random(3)
    path = tmp_path / "images.gz"
    head = b"\0\0\x08\x02" + np.array([4, 9], ">u4").tobytes()
    raw = head + bytes(range(36))
    for _ in range(tries):
        path.write_bytes(gzip.compress(damaged(raw, rng)))
        try:
            assert read_idx(path).dtype == np.uint8
        except ValueError as error:
            assert str(error).startswith(f"data: {path} is")
    tally("files mutated", tries)


def test_tables(tmp_path, how_many, tally):
    path, tries = tmp_path / "flares.csv", how_many(TRIES)
    rows = [f"Positive,1,{a:.4f},{b:.4f}" for a, b in X[:, :2]]
    path.write_text("\n".join(["label,HARP,a,b", *rows]) + "\n", "utf-8")

    def read(path):
        return read_table(path, label="label", after="HARP")

    assert survived(path, read, anything, tries) > 0.1 * tries
    tally("files mutated", tries)


def test_records(tmp_path, how_many, tally):
    path, tries = tmp_path / "record.json", how_many(TRIES)
    result = SOLVER.fit(NET, X, Y)
    empty = {name: {} for name in ("settings", "data", "environment")}
    record = RunRecord(
        "digits", "a-seed0", "penalty", 0, True, **empty, result={}, curve={}
    )
    record.write(path)
    survived(path, read_record, anything, tries)
    text = tmp_path / "history.json"
    text.write_text(result.history.to_json(), "utf-8")

    def read(path):
        return History.from_json(path.read_text("utf-8", "replace"))

    assert survived(text, read, anything, tries) > 0.3 * tries
    tally("files mutated", 2 * tries)


def swapped(value, rng, junk):
    """A JSON value with one of its parts put in the place of another."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(sorted(value))
        if rng.random() < 0.2:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: swapped(value[key], rng, junk)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        part = swapped(value[at], rng, junk)
        return [*value[:at], part, *value[at + 1 :]]
    return rng.choice(junk)


JUNK = [None, True, -1, 0, 10**30, 1.5, 1e308, "", "t0", [], {}, [[]]]
JUNK += [["t0"], {"a": 1}, [0, 0], [10**9, 10**9], [-1, 1], "float128"]


def test_checkpoints_with_another_description(tmp_path, how_many, tally):
    """Put together by hand, with checksums that are right."""
    path, tries = tmp_path / "run.npz", how_many(2 * TRIES)
    SOLVER.fit(NET, X, Y, checkpoint=path)
    arrays, rng = read_npz(path), random.Random(4)
    meta = json.loads(arrays["meta"].tobytes())
    refused = 0
    for _ in range(tries):
        text = json.dumps(swapped(meta, rng, JUNK)).encode()
        arrays["meta"] = np.frombuffer(text, np.uint8)
        np.savez(path, **arrays)
        try:
            SOLVER.fit(NET, X, Y, checkpoint=path)
        except ValueError as error:
            assert str(error).startswith("checkpoint: "), error
            refused += 1
    assert refused > 0.5 * tries
    tally("files mutated", tries)


def test_the_kept_features_are_computed_again(tmp_path, monkeypatch):
    """What is only a cache need not be refused."""
    monkeypatch.delenv("NNBCD_DATA", raising=False)
    monkeypatch.setenv("NNBCD_CACHE", str(tmp_path))
    path = tmp_path / "uci_har" / "features_recomputed.npz"
    path.parent.mkdir()
    path.write_bytes(b"PK\x03\x04 no more")
    called = []
    module = sys.modules["nnbcd.datasets.har"]
    monkeypatch.setattr(module, "_recompute", called.append)
    har()
    assert called == [path]
    assert set(ROWS) == {"train", "test"}


def test_a_set_of_another_layout_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path))
    folder = tmp_path / "solar_flare" / "liu2019" / "M"
    folder.mkdir(parents=True)
    for part in ("training", "validation", "testing"):
        (folder / f"normalized_{part}.csv").write_bytes(b"\xff\xfe\0junk")
    with pytest.raises(ValueError, match="^data: .*normalized_training"):
        flares()


def test_what_an_archive_must_not_hold(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([1, "a", None], object))  # needs pickle
    with pytest.raises(DamagedArchiveError):
        read_npz(path)
    np.savez_compressed(path, a=np.zeros(10**6), b=RNG.random(10**4))
    assert read_npz(path)["a"].shape == (10**6,)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as bomb:
        bomb.writestr("a.npy", bytes(10**7))  # 600,000 times smaller
    with pytest.raises(DamagedArchiveError):
        read_npz(path)


def test_a_module_of_torch_is_not_unpickled(tmp_path):
    path = tmp_path / "run.npz"
    torch.save({"a": 1}, path)
    with pytest.raises(ValueError, match="not a checkpoint"):
        load(path)
