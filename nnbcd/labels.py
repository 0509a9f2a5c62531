"""Labels that are words: numbered on the way in, named on the way out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd._typing import Tensor
from nnbcd.arrays import as_array

__all__ = ["Names", "codes", "numbered"]

Names = tuple[str, ...]


def numbered(y: Any, outputs: int) -> tuple[Any, Names | None]:
    """Words as numbers 0, 1, ..., in alphabetical order, and the words.

    Parameters
    ----------
    y : array_like
        Labels, shape (N,), or anything else, which is handed back.
    outputs : int
        How many different words there must be.

    Raises
    ------
    TypeError
        If it holds words and other things.
    ValueError
        If there are more or fewer words than outputs.
    """
    words = _words(y)
    if words is None:
        return y, None
    names = tuple(sorted(set(words.flat)))
    if len(names) != outputs:
        msg = (
            f"y has {len(names)} classes, but the last layer has {outputs} "
            f"outputs: give the last layer {len(names)}."
        )
        raise ValueError(msg)
    return codes(words, names), names


def codes(y: Any, names: Names) -> NDArray[np.int64]:
    """The place of every label in ``names``, -1 where it has none.

    Parameters
    ----------
    y : array_like
        Words, any shape.
    names : tuple of str
        From :func:`numbered`.

    Raises
    ------
    TypeError
        If y holds no words.
    """
    words = _words(y)
    if words is None:
        msg = f"y must hold labels like {names[0]!r}: the run had words."
        raise TypeError(msg)
    number = {name: k for k, name in enumerate(names)}
    flat = [number.get(word, -1) for word in words.flat]
    return np.array(flat, np.int64).reshape(words.shape)


def _words(y: Any) -> NDArray[np.object_] | None:
    if isinstance(y, Tensor):
        return None
    array = as_array("y", y)
    if array.dtype.kind in "USTO":
        array = array.astype(object)
    strings = [isinstance(item, str | bytes) for item in array.flat]
    if array.dtype.kind != "O" or not any(strings):
        return None
    if not all(strings):
        at = strings.index(False)
        kind = type(array.flat[at]).__name__
        msg = f"y mixes words with other things ({kind} at {at}): clean it."
        raise TypeError(msg)
    out = np.empty(array.shape, object)
    out.flat[:] = [
        s.decode(errors="replace") if isinstance(s, bytes) else str(s)
        for s in array.flat
    ]
    return out
