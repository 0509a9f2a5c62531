"""UCI HAR: the signals that its 561 features are computed from.

A signal is an array (N, C, T): N windows, C axes, T samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF", "jerk", "magnitude", "spectrum"]

Signal = NDArray[np.float64]

# Windows of 128 samples overlap by half.
HALF = 64


def magnitude(x: Signal) -> Signal:
    """Euclidean norm over the axes, (N, 3, T) to (N, 1, T)."""
    length: Signal = np.sqrt((x * x).sum(axis=1, keepdims=True))
    return length


def spectrum(x: Signal) -> Signal:
    """Moduli of the bins 1 to 64 of the transform of 128 samples."""
    return np.abs(np.fft.rfft(x, axis=-1)[..., 1:])


def jerk(x: Signal) -> Signal:
    """Forward difference ``x[t + 1] - x[t]``, (N, C, 128) to the same.

    The last sample needs the one after the window. It stands in the middle
    of the next window, if that overlaps this one; the release lacks it
    where a recording ends, and there the last difference is set to 0.
    """
    change = np.zeros_like(x)
    change[..., :-1] = np.diff(x, axis=-1)
    goes_on = (x[:-1, :, HALF:] == x[1:, :, :HALF]).all(axis=(1, 2))
    i = np.flatnonzero(goes_on)
    change[i, :, -1] = x[i + 1, :, HALF] - x[i, :, -1]
    return change
