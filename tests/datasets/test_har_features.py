"""The 561 features of UCI HAR against slow programs and published means."""

import importlib

import numpy as np
import pytest
from scipy import stats

from nnbcd.datasets import har
from nnbcd.datasets.har_features import features, rescaled
from nnbcd.datasets.har_signals import jerk, magnitude, spectrum

ACTIVITIES = (
    "walking",
    "walking upstairs",
    "walking downstairs",
    "sitting",
    "standing",
    "laying",
)


@pytest.fixture(scope="module")
def signals():
    """Three windows, the second of which continues the first."""
    random = np.random.default_rng(0)
    long = random.normal(size=(3, 3, 192)) * 0.3 + 0.2
    other = random.normal(size=(3, 3, 128)) * 0.3 + 0.2
    windows = [long[..., :128], long[..., 64:], other]
    return [np.stack(part) for part in zip(*windows, strict=True)]


@pytest.fixture(scope="module")
def columns(signals):
    return features(*signals)


def plain(x):
    """The features of one signal of one axis, as a sentence defines them."""
    length = len(x)
    middle = sum(x) / length
    ordered = np.sort(x)
    # Hazen: the sample number i of n is the quantile (i - 1/2) / n.
    places = (np.arange(length) + 0.5) / length
    low, high = np.interp([0.25, 0.75], places, ordered)
    levels = [round(min(max(v, 0), 1) * 255) for v in x]
    share = np.unique(levels, return_counts=True)[1] / length
    return {
        "mean": middle,
        "std": (sum((x - middle) ** 2) / (length - 1)) ** 0.5,
        "mad": sum(abs(x - middle)) / length,
        "max": max(x),
        "min": min(x),
        "sma": sum(abs(x)) / length,
        "energy": sum(x**2) / length,
        "iqr": high - low,
        "entropy": stats.entropy(share, base=2),
    }


def burg(x):
    """Burg's method, one sample at a time, Levinson's recursion by hand."""
    a = [1.0]
    forward = [float(v) for v in x]
    backward = [float(v) for v in x]
    for m in range(1, 5):
        pairs = [(forward[t], backward[t - 1]) for t in range(m, len(x))]
        k = -2 * sum(f * b for f, b in pairs)
        k /= sum(f * f + b * b for f, b in pairs)
        a = [
            (a[i] if i < m else 0) + k * (a[m - i] if i else 0)
            for i in range(m + 1)
        ]
        new_f, new_b = forward[:], backward[:]
        for t in range(m, len(x)):
            new_f[t] = forward[t] + k * backward[t - 1]
            new_b[t] = backward[t - 1] + k * forward[t]
        forward, backward = new_f, new_b
    return a[1:]


def test_there_are_561(columns):
    assert columns.shape == (3, 561)
    assert np.isfinite(columns).all()


def test_a_signal_in_time(signals, columns):
    body = signals[1]
    for n in range(3):
        axes = [plain(x) for x in body[n]]
        wanted = [
            axis[name]
            for name in ("mean", "std", "mad", "max", "min")
            for axis in axes
        ]
        wanted += [sum(axis["sma"] for axis in axes)]
        wanted += [
            axis[name]
            for name in ("energy", "iqr", "entropy")
            for axis in axes
        ]
        wanted += [a for x in body[n] for a in burg(x)]
        correlation = np.corrcoef(body[n])
        wanted += list(correlation[[0, 0, 1], [1, 2, 2]])
        np.testing.assert_allclose(columns[n, :40], wanted, rtol=1e-10)


def test_a_magnitude(signals, columns):
    for n in range(3):
        x = np.sqrt((signals[2][n] ** 2).sum(axis=0))
        wanted = [*plain(x).values(), *burg(x)]
        found = columns[n, 239:252]  # tBodyGyroMag
        np.testing.assert_allclose(found, wanted, rtol=1e-10)
    # tGravityAccMag is tBodyAccMag, in the release too.
    np.testing.assert_array_equal(columns[:, 200:213], columns[:, 213:226])


def test_a_spectrum(signals, columns):
    t = np.arange(128)
    for n in range(3):
        axes = [
            np.array(
                [
                    abs(sum(x * np.exp(-2j * np.pi * k * t / 128)))
                    for k in range(1, 65)
                ]
            )
            for x in signals[1][n]
        ]
        own = [plain(m) for m in axes]
        start = 265  # fBodyAcc
        np.testing.assert_allclose(
            columns[n, start : start + 6],
            [axis[name] for name in ("mean", "std") for axis in own],
        )
        wanted = [
            *[int(m.argmax()) for m in axes],
            *[sum(m * np.arange(1, 65)) / sum(m) for m in axes],
        ]
        for m in axes:
            wanted += [stats.skew(m), stats.kurtosis(m, fisher=False)]
        bands = [(a, a + 7) for a in range(1, 65, 8)]
        bands += [(a, a + 15) for a in range(1, 65, 16)] + [(1, 24), (25, 48)]
        for m in axes:
            wanted += [sum(m[a - 1 : b] ** 2) for a, b in bands]
        np.testing.assert_allclose(
            columns[n, start + 25 : start + 79], wanted
        )


def test_angles(signals, columns):
    total, body, _ = signals
    down = (total - body)[0].mean(axis=1)
    first = body[0].mean(axis=1)
    cosine = first @ down / np.linalg.norm(first) / np.linalg.norm(down)
    assert columns[0, 554] == pytest.approx(np.arccos(cosine))
    tilt = np.arccos(down / np.linalg.norm(down))
    np.testing.assert_allclose(columns[0, 558:], tilt)


def test_jerk_looks_into_the_next_window(signals):
    body = signals[1]
    whole = np.concatenate([body[0], body[1][:, 64:]], axis=1)
    found = jerk(body)
    np.testing.assert_array_equal(found[0], np.diff(whole)[:, :128])
    np.testing.assert_array_equal(found[:, :, :-1], np.diff(body))
    assert (found[1:, :, -1] == 0).all()


def test_shapes_of_derived_signals(signals):
    assert magnitude(signals[0]).shape == (3, 1, 128)
    assert spectrum(signals[0]).shape == (3, 3, 64)


def test_rescaled():
    x = np.array([[0.0, 5.0, 3.0], [1.0, 7.0, 3.0], [4.0, 6.0, 3.0]])
    wanted = [[-1, -1, -1], [-0.5, 1, -1], [1, 0, -1]]
    np.testing.assert_array_equal(rescaled(x), wanted)


@pytest.fixture(scope="module")
def recomputed(nnbcd_data, tmp_path_factory):
    """All windows of the release, about 10 s on one core."""
    data = tmp_path_factory.mktemp("data")
    (data / "uci_har").mkdir()
    for part in ("train", "test"):
        (data / "uci_har" / part).symlink_to(nnbcd_data / "uci_har" / part)
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNBCD_DATA", str(data))
        patch.setenv("NNBCD_CACHE", str(cache))
        first = har()
        module = importlib.import_module("nnbcd.datasets.har")
        patch.setattr(module, "compute", None)  # the second call may not
        second = har()
    np.testing.assert_array_equal(first.x_train, second.x_train)
    np.testing.assert_array_equal(first.y_test, second.y_test)
    return first


@pytest.mark.slow
def test_as_published_with_this_package(recomputed, nnbcd_data, monkeypatch):
    monkeypatch.setenv("NNBCD_DATA", str(nnbcd_data))
    kept = har()
    for name in ("x_train", "x_test"):
        found, wanted = getattr(recomputed, name), getattr(kept, name)
        # Single precision of numbers in [-1, 1].
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1.2e-7)
    np.testing.assert_array_equal(recomputed.y_train, kept.y_train)
    np.testing.assert_array_equal(recomputed.y_test, kept.y_test)
    train, test = np.bincount(kept.y_train), np.bincount(kept.y_test)
    assert train.tolist() == [0, 1226, 1073, 986, 1286, 1374, 1407]
    assert test.tolist() == [0, 496, 471, 420, 491, 532, 537]


@pytest.mark.slow
def test_means_by_subject_and_activity(recomputed, nnbcd_data):
    folder = nnbcd_data / "uci_har"
    names = np.loadtxt(folder / "features.txt", dtype=str)[:, 1]
    wanted = [i for i, n in enumerate(names) if "mean()" in n or "std()" in n]
    subject = np.concatenate(
        [
            np.loadtxt(folder / part / f"subject_{part}.txt", dtype=int)
            for part in ("train", "test")
        ]
    )
    x = np.concatenate([recomputed.x_train, recomputed.x_test])[:, wanted]
    y = np.concatenate([recomputed.y_train, recomputed.y_test])
    text = (folder / "subject_activity_means.txt").read_text("utf-8")
    rows = [line.split('"') for line in text.splitlines()[1:]]
    published = np.array([row[2].split() for row in rows], float)
    ours = [
        x[(subject == int(row[0])) & (y == ACTIVITIES.index(row[1]) + 1)]
        for row in rows
    ]
    gap = np.abs([group.mean(axis=0) for group in ours] - published)
    worst = gap.max(axis=0)
    # A jerk needs a sample that the release lacks where a recording ends.
    exact = np.array(["Jerk" not in names[i] for i in wanted])
    assert exact.sum() == 40
    assert worst[exact].max() < 2e-7
    assert worst.max() < 0.025
