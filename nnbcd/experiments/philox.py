"""The numbers that torch draws on a GPU, made on a CPU.

The generator is Philox4x32-10: ten rounds of two multiplications that turn
a counter of four words and a key of two into four random words. A GPU draws
in parallel, so which words make which entry depends on the number of its
threads; :class:`CudaStream` follows that layout.

Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as
easy as 1, 2, 3"; the layout is that of torch 1.13 in float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd import checks
from nnbcd._typing import Float, Tensor

__all__ = ["P100_BLOCKS", "CudaStream", "philox4x32"]

Words = NDArray[np.uint64]  # 32 bits of each are in use

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)

THREADS = 256  # of a block
SLOTS = 4  # numbers that a thread makes at a time
P100_BLOCKS = 448  # 56 multiprocessors, 8 blocks each

# The float32 constants: 2^-32 and 2 pi 2^-32.
UNIT = np.float32(2.3283064e-10)
TURN = np.float32(1.46291807e-09)


def philox4x32(counter: Any, key: tuple[int, int]) -> Words:
    """Four random words for each counter.

    Parameters
    ----------
    counter : array_like
        Words below 2^32, shape (4, ...).
    key : (int, int)
        Two words below 2^32.

    Returns
    -------
    ndarray of uint64
        Words below 2^32, shape (4, ...).
    """
    c0, c1, c2, c3 = np.asarray(counter, dtype=np.uint64)
    first, second = (np.uint64(m) for m in MULTIPLIERS)
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = first * c0, second * c2
        c0, c1, c2, c3 = (
            (p1 >> HALF) ^ c1 ^ np.uint64(k0),
            p1 & LOW,
            (p0 >> HALF) ^ c3 ^ np.uint64(k1),
            p0 & LOW,
        )
        k0, k1 = ((k + s) % 2**32 for k, s in zip((k0, k1), KEY_STEPS,
                                                  strict=True))  # fmt: skip
    return np.stack([c0, c1, c2, c3])


class CudaStream:
    """What ``torch.cuda`` draws after ``torch.manual_seed``, in float32.

    Parameters
    ----------
    seed : int
        As given to ``torch.manual_seed``.
    blocks : int
        The most blocks of 256 threads that the GPU runs at a time.
    """

    def __init__(self, seed: int, blocks: int = P100_BLOCKS) -> None:
        self._seed = checks.seed(seed)
        self._blocks = checks.count("blocks", blocks)
        self._offset = 0

    def normal(self, count: int) -> Float[Tensor, " n"]:
        """Standard normals in the order of the entries: ``randn(count)``.

        Parameters
        ----------
        count : int
            How many, at least 1.

        Notes
        -----
        Box and Muller: r = sqrt(-2 log u), then r sin and r cos of 2 pi v.
        """
        words = self._words(count)
        out = np.empty(words.shape, dtype=np.float32)
        for k in (0, 2):
            u = words[:, k].astype(np.float32) * UNIT + UNIT / 2
            v = words[:, k + 1].astype(np.float32) * TURN + TURN / 2
            radius = np.sqrt(-2 * np.log(u.astype(np.float64)))
            out[:, k] = radius * np.sin(v.astype(np.float64))
            out[:, k + 1] = radius * np.cos(v.astype(np.float64))
        return torch.from_numpy(out.reshape(-1)[:count])

    def uniform(self, count: int) -> Float[Tensor, " n"]:
        """Uniform in [0, 1), in the order of the entries: ``rand(count)``.

        Parameters
        ----------
        count : int
            How many, at least 1.
        """
        unit = self._words(count).astype(np.float32) * UNIT + UNIT / 2
        unit[unit == 1] = 0  # drawn from (0, 1]
        return torch.from_numpy(unit.reshape(-1)[:count])

    def _words(self, count: int) -> Words:
        """Shape (loops, 4, threads); row by row it is entry after entry."""
        blocks = min(self._blocks, -(-count // THREADS))
        threads = THREADS * blocks
        loops = -(-count // (threads * SLOTS))
        steps = self._offset // SLOTS + np.arange(loops, dtype=np.uint64)
        counter = np.zeros((4, loops, threads), dtype=np.uint64)
        counter[0] = (steps & LOW)[:, None]
        counter[1] = (steps >> HALF)[:, None]
        counter[2] = np.arange(threads, dtype=np.uint64)
        key = self._seed % 2**32, self._seed // 2**32 % 2**32
        self._offset += SLOTS * loops
        words: Words = philox4x32(counter, key).transpose(1, 0, 2)
        return words
