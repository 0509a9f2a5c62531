"""The generator of the authors' GPU, by the specification."""

import numpy as np
import pytest
import torch

from nnbcd.experiments.philox import CudaStream, philox4x32

ONES = 0xFFFFFFFF
# Counter, key, words: the known answers that come with Random123.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((ONES,) * 4, (ONES,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter, key, words):
    found = philox4x32(counter, key)
    assert " ".join(f"{int(w):08x}" for w in found) == words


def test_many_counters_at_once_are_each_by_itself():
    counters = np.array([case[0] for case in KNOWN]).T
    key = (1, 2)
    one = [philox4x32(c, key) for c in counters.T]
    assert np.array_equal(philox4x32(counters, key), np.stack(one, 1))


def by_hand(seed, entry, count, offset=0, blocks=448):
    """One normal, word by word, in Python's floats."""
    threads = 256 * min(blocks, -(-count // 256))
    row, thread = divmod(entry, threads)
    loop, slot = divmod(row, 4)
    words = philox4x32((offset // 4 + loop, 0, thread, 0), (seed, 0))
    u, v = ((float(w) + 0.5) * 2**-32 for w in words[slot // 2 * 2 :][:2])
    radius = np.sqrt(-2 * np.log(u))
    return radius * (np.cos if slot % 2 else np.sin)(2 * np.pi * v)


@pytest.mark.parametrize(
    ("count", "blocks"), [(288, 448), (5000, 2), (1_000_003, 448)]
)
def test_each_entry_is_the_normal_of_its_thread(count, blocks):
    found = CudaStream(10, blocks).normal(count)
    assert found.dtype == torch.float32
    assert len(found) == count
    for entry in {0, 1, 255, 256, count // 2, count - 1}:
        wanted = by_hand(10, entry, count, blocks=blocks)
        assert float(found[entry]) == pytest.approx(wanted, abs=2e-6)


def test_a_second_call_goes_on_after_the_first():
    stream = CudaStream(3)
    first = stream.normal(1000)
    second = stream.normal(1000)  # 1000 numbers took one loop: offset 4
    assert not torch.equal(first, second)
    wanted = by_hand(3, 7, 1000, offset=4)
    assert float(second[7]) == pytest.approx(wanted, abs=2e-6)


def test_normals_and_uniforms_are_such():
    stream = CudaStream(1)
    z, x = stream.normal(200_000).double(), stream.uniform(200_000).double()
    assert abs(float(z.mean())) < 0.01
    assert float(z.std()) == pytest.approx(1, abs=0.01)
    assert float((z**4).mean()) == pytest.approx(3, abs=0.1)
    assert 0 <= float(x.min()) < 1e-4
    assert 1 - 1e-4 < float(x.max()) < 1
    assert float(x.mean()) == pytest.approx(0.5, abs=0.005)


def test_settings_out_of_range():
    with pytest.raises(ValueError, match="blocks"):
        CudaStream(0, 0)
    with pytest.raises(ValueError, match="seed"):
        CudaStream(-1)
