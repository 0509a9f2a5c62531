"""UCI HAR from the archive, from a folder, and kept."""

import importlib
import io
import lzma
import zipfile

import numpy as np
import pytest

from nnbcd.datasets import har, har_release, load
from nnbcd.datasets.har_features import features, rescaled

MODULE = importlib.import_module("nnbcd.datasets.har")
ROWS = {"train": 7, "test": 5}
KINDS = ("total_acc", "body_acc", "body_gyro")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A release of twelve windows."""
    for part, rows in ROWS.items():
        monkeypatch.setitem(har_release.ROWS, part, rows)


@pytest.fixture
def release():
    """Its text files, by path."""
    random = np.random.default_rng(0)
    files = {}
    for part, rows in ROWS.items():
        for kind in KINDS:
            for axis in "xyz":
                name = f"{part}/Inertial Signals/{kind}_{axis}_{part}.txt"
                files[name] = 0.3 * random.normal(size=(rows, 128)) + 0.2
        files[f"{part}/X_{part}.txt"] = random.uniform(-1, 1, (rows, 561))
        files[f"{part}/y_{part}.txt"] = 1 + np.arange(rows)[:, None] % 6
    return {name: written(numbers) for name, numbers in files.items()}


def written(numbers):
    stream = io.BytesIO()
    np.savetxt(stream, numbers, fmt="%.8e")
    return stream.getvalue()


def read(text):
    return np.loadtxt(io.BytesIO(text))


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


@pytest.fixture
def published(publisher, release, cache, monkeypatch):
    """The archive at its publisher, in its archive there."""
    inner = zipped({f"UCI HAR Dataset/{n}": t for n, t in release.items()})
    body = zipped({"UCI HAR Dataset.zip": inner})
    remote = publisher.publish("har.zip", body, "uci_har")
    monkeypatch.setattr(har_release, "ARCHIVE", remote)
    return publisher


def unpacked(release, folder, monkeypatch, *, compress):
    for name, text in release.items():
        path = folder / "uci_har" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if compress:
            path.with_name(path.name + ".xz").write_bytes(lzma.compress(text))
        else:
            path.write_bytes(text)
    monkeypatch.setenv("NNBCD_DATA", str(folder))


def recomputed(release):
    parts = []
    for part in ROWS:
        names = [
            [f"{part}/Inertial Signals/{kind}_{a}_{part}.txt" for a in "xyz"]
            for kind in KINDS
        ]
        parts.append(
            features(
                *(np.stack([read(release[n]) for n in k], 1) for k in names)
            )
        )
    x = rescaled(np.concatenate(parts)).astype(np.float32)
    return x[: ROWS["train"]], x[ROWS["train"] :]


@pytest.mark.parametrize("source", ["archive", "text", "xz"])
def test_released(source, release, published, tmp_path, monkeypatch):
    if source != "archive":
        unpacked(release, tmp_path, monkeypatch, compress=source == "xz")
    data = load("har_released")
    assert data.name == "har_released"
    x = read(release["train/X_train.txt"])
    np.testing.assert_array_equal(data.x_train, x)
    np.testing.assert_array_equal(
        data.x_test, read(release["test/X_test.txt"])
    )
    assert data.y_train.tolist() == [1, 2, 3, 4, 5, 6, 1]
    assert data.y_test.tolist() == [1, 2, 3, 4, 5]
    assert len(published.ranges) == (source == "archive")


@pytest.mark.parametrize("source", ["archive", "text", "xz"])
def test_recomputed(source, release, published, tmp_path, monkeypatch):
    if source != "archive":
        unpacked(release, tmp_path, monkeypatch, compress=source == "xz")
    data = har()
    assert data.name == "har"
    x_train, x_test = recomputed(release)
    np.testing.assert_array_equal(data.x_train, x_train)
    np.testing.assert_array_equal(data.x_test, x_test)
    assert data.y_train.tolist() == [1, 2, 3, 4, 5, 6, 1]
    assert len(published.ranges) == (source == "archive")


def test_the_features_are_kept(published, cache, monkeypatch):
    first = har()
    monkeypatch.setattr(MODULE, "compute", None)  # a call would fail
    np.testing.assert_array_equal(har().x_test, first.x_test)
    assert len(published.ranges) == 1
    names = {path.name for path in (cache / "uci_har").iterdir()}
    assert names - {"har.zip.lock"} == {"har.zip", "features_recomputed.npz"}


def test_damaged_features_are_computed_again(published, cache):
    first = har()
    kept = cache / "uci_har" / "features_recomputed.npz"
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    np.testing.assert_array_equal(har().x_train, first.x_train)
    assert kept.stat().st_size == len(whole)


def test_features_that_cannot_be_kept(published, cache, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="No space left on device"):
        data = har()
    assert data.x_train.shape == (7, 561)
    names = {path.name for path in (cache / "uci_har").iterdir()}
    assert names - {"har.zip.lock"} == {"har.zip"}


def test_your_features_come_first(release, published, tmp_path, monkeypatch):
    unpacked(release, tmp_path, monkeypatch, compress=False)
    mine = tmp_path / "uci_har" / "features_recomputed.npz"
    arrays = {"X_train": np.eye(2, 561), "y_train": [1, 2]}
    arrays |= {"X_test": np.eye(3, 561), "y_test": [1, 2, 3]}
    np.savez(mine, **arrays)
    assert har().x_test.shape == (3, 561)
    del arrays["y_test"]
    np.savez(mine, **arrays)
    with pytest.raises(ValueError, match="damaged or lacks X_train"):
        har()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("train/X_train.txt", b"1 2 3\n", "X_train.txt .* is not 7 x 561"),
        ("test/X_test.txt", b"1 two\n", "X_test.txt .* is not 5 x 561"),
        ("test/y_test.txt", b"1\n2\n", "y_test.txt .* is not 5 x 1"),
    ],
)
def test_damaged_text(
    name, text, message, release, cache, tmp_path, monkeypatch
):
    release[name] = text
    unpacked(release, tmp_path, monkeypatch, compress=False)
    with pytest.raises(ValueError, match=message):
        har("released")


def test_a_file_that_is_missing(release, cache, tmp_path, monkeypatch):
    del release["test/y_test.txt"]
    unpacked(release, tmp_path, monkeypatch, compress=True)
    with pytest.raises(
        FileNotFoundError, match=r"no test/y_test.txt: add it"
    ):
        har("released")


def test_damaged_xz(release, cache, tmp_path, monkeypatch):
    unpacked(release, tmp_path, monkeypatch, compress=True)
    path = tmp_path / "uci_har" / "train" / "X_train.txt.xz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"X_train.txt.xz is damaged"):
        har("released")


@pytest.mark.parametrize("body", [b"no zip", zipped({"a.txt": b""})])
def test_another_archive(body, published, tmp_path, monkeypatch):
    path = tmp_path / har_release.ARCHIVE.place
    path.parent.mkdir()
    path.write_bytes(body)
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="not the archive that UCI publish"):
        har("released")


def test_unknown_features():
    with pytest.raises(ValueError, match="recomputed or released, not 'raw'"):
        har("raw")
