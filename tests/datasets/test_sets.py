"""The other data sets: what they hold, and what they refuse."""

import gzip
import hashlib
import importlib

import numpy as np
import pytest

from nnbcd.datasets import (
    NAMES,
    fashion_mnist,
    flares,
    idx,
    load,
    mnist,
    sharp,
    tables,
)

FEATURES = [f"F{i}" for i in range(40)]
IMAGE_SETS = {"mnist": mnist, "fashion_mnist": fashion_mnist}


def packed(array):
    head = bytes([0, 0, 8, array.ndim])
    lengths = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + lengths + array.tobytes())


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_image_sets(name, publisher, cache, monkeypatch):
    module = importlib.import_module(f"nnbcd.datasets.{name}")
    images = np.arange(5 * 784, dtype=np.uint8).reshape(5, 28, 28)
    labels = np.array([3, 1, 4, 1, 5], np.uint8)
    arrays = images[:3], labels[:3], images[3:], labels[3:]
    files = {}
    for file, array in zip(module._FILES, arrays, strict=True):
        remote = publisher.publish(file, packed(array), name)
        files[file] = (remote.size, remote.checksum)
    monkeypatch.setattr(module, "_BASE", publisher.base)
    monkeypatch.setattr(module, "_FILES", files)
    data = load(name)
    assert data.name == name
    rows = images.reshape(5, 784) / 255
    np.testing.assert_array_equal(data.x_train, rows[:3])
    np.testing.assert_array_equal(data.x_test, rows[3:])
    assert data.y_train.tolist() == [3, 1, 4]
    assert data.y_test.tolist() == [1, 5]
    assert len(publisher.ranges) == 4


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_addresses(name):
    module = importlib.import_module(f"nnbcd.datasets.{name}")
    assert module._BASE.startswith("https://")
    assert [file[:8] for file in module._FILES] == [
        "train-im",
        "train-la",
        "t10k-ima",
        "t10k-lab",
    ]
    sums = [checksum for _, checksum in module._FILES.values()]
    assert len(set(sums)) == 4
    assert all(len(one) == len("md5:") + 32 for one in sums)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"no gzip", "is damaged: delete it"),
        (packed(np.zeros(9, np.uint8))[:-9], "is damaged: delete it"),
        (gzip.compress(b""), "not an IDX file"),
        (gzip.compress(b"\0\0\x08\1\0\0\0\2\7"), "not an IDX file"),
        (gzip.compress(b"\0\0\x0d\1\0\0\0\1\7"), "not an IDX file"),
    ],
    # gzip writes the time: as names these would differ between workers.
    ids=["no gzip", "cut", "empty", "too short", "of another type"],
)
def test_files_that_are_not_idx(raw, message, tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=message):
        idx.read(path)


@pytest.mark.slow
def test_mnist_is_what_was_published(nnbcd_data, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(nnbcd_data))
    module = importlib.import_module("nnbcd.datasets.mnist")
    for file, (size, checksum) in module._FILES.items():
        body = (nnbcd_data / "mnist" / file).read_bytes()
        assert len(body) == size
        assert "md5:" + hashlib.md5(body).hexdigest() == checksum
    data = mnist()
    assert data.x_train.shape == (60_000, 784)
    assert data.x_test.shape == (10_000, 784)
    assert (data.x_test.min(), data.x_test.max()) == (0, 1)
    train = np.bincount(data.y_train).tolist()
    test = np.bincount(data.y_test).tolist()
    assert train[:5] == [5923, 6742, 5958, 6131, 5842]
    assert train[5:] == [5421, 5918, 6265, 5851, 5949]
    assert test == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def liu(folder, positives, rows=30, label="label", names=FEATURES):
    """A file in the layout of Liu et al.; each row has its own numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (part, count) in enumerate(positives.items()):
        lines = [",".join([label, "flare,timestamp,NOAA,HARP", *names])]
        for row in range(rows):
            said = "Positive" if row < count else "Negative"
            x = [str(1000 * number + row + i / 64) for i in range(len(names))]
            lines.append(",".join([said, "M1.0,2015-04-04,12320,5415", *x]))
        text = "\n".join(lines) + "\n"
        (folder / f"normalized_{part}.csv").write_text(text, "utf-8")


COUNTS = {"training": 4, "validation": 3, "testing": 2}


@pytest.fixture
def liu_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path))
    return tmp_path / "solar_flare" / "liu2019" / "M"


@pytest.mark.parametrize("label", ["label", "Label"])
def test_flares_are_balanced(label, liu_folder):
    liu(liu_folder, COUNTS, label=label)
    data = flares()
    assert np.bincount(data.y_train).tolist() == [7, 7]
    assert np.bincount(data.y_test).tolist() == [28, 2]
    assert data.x_train.shape == (14, 40)
    first = data.x_train[:, 0]
    assert len(set(first)) == 14  # no row twice
    kept = {0, 1, 2, 3, 1000, 1001, 1002}
    assert set(first[data.y_train == 1]) == kept
    np.testing.assert_array_equal(data.x_test[:, 0], 2000 + np.arange(30))
    np.testing.assert_array_equal(data.x_test[0], 2000 + np.arange(40) / 64)


def test_flares_are_chosen_by_the_seed(liu_folder):
    liu(liu_folder, COUNTS)
    first, again, other = flares(), flares(), flares(seed=1)
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert (first.x_train != other.x_train).any()


def test_flares_say_where_to_put_a_file(liu_folder):
    liu(liu_folder, {"training": 3, "testing": 3})
    path = liu_folder / "normalized_validation.csv"
    with pytest.raises(FileNotFoundError) as caught:
        load("flares")
    said = str(caught.value)
    assert "LSTM-flare-prediction" in said
    assert said.endswith(f"save it as {path}.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Positive", "Perhaps", "Positive or Negative, not {'Perhaps'}"),
        ("HARP", "HARQ", "the columns label and HARP"),
        ("F7", "F70", "have different features"),
        ("2001.0,", ",", "a row that is not all numbers"),
    ],
)
def test_flares_of_another_layout(old, new, message, liu_folder):
    liu(liu_folder, COUNTS)
    path = liu_folder / "normalized_testing.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ValueError, match=message):
        flares()


def test_unknown_level():
    with pytest.raises(ValueError, match="C, M or M5, not 'X'"):
        flares("X")


@pytest.mark.parametrize(
    ("level", "rows", "features", "positive"),
    [("C", 185, 14, 84), ("M", 212, 22, 23), ("M5", 189, 20, 49)],
)
def test_the_publishers_samples(level, rows, features, positive, nnbcd_data):
    folder = (
        nnbcd_data / "solar_flare" / "liu2019" / f"LSTM_{level}_sample_run"
    )
    table = tables.read(
        folder / "normalized_testing.csv", label="label", after="HARP"
    )
    assert table.x.shape == (rows, features)
    assert table.labels.count("Positive") == positive
    assert table.names[0] == "TOTUSJH"


def test_sharp(nnbcd_data, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(nnbcd_data))
    data = load("sharp")
    assert data.features == 10
    assert np.bincount(data.y_train).tolist() == [4520, 2360]
    assert np.bincount(data.y_test).tolist() == [1520, 760]
    assert data.x_test[0, 9] == 2.2154178638447433


def test_sharp_says_where_to_put_a_file(cache):
    with pytest.raises(FileNotFoundError) as caught:
        sharp()
    assert str(caught.value).endswith(
        "save it as solar_flare/sharp_ar286/train_data_0.csv in a folder "
        "that NNBCD_DATA names."
    )


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match="fashion_mnist.*not 'minst'"):
        load("minst")
    assert NAMES[0] == "digits"
    assert load("digits").classes == 10
