"""Values and calls, as a short sentence can hold them."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from nnbcd.exercises._plain import plain

__all__ = ["called", "shown", "size"]

_FEW = 4  # entries of a vector that a sentence can hold
_LONG = 64  # letters of a call that a sentence can hold


def shown(value: object) -> str:
    """A value, short: six digits, few entries, never a matrix."""
    if isinstance(value, (list, tuple)):
        text = ", ".join(shown(item) for item in value)
        if len(value) > _FEW or len(text) > 40:
            return f"<{len(value)} items>"
        return f"({text})" if isinstance(value, tuple) else f"[{text}]"
    value = plain(value)
    if isinstance(value, float):
        # Rounding leaves tiny numbers of either sign where 0 is meant.
        return f"{0.0 if abs(value) < 1e-14 else value:.6g}"
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return shown(value.item())
        if value.ndim == 1 and value.size <= _FEW:
            return shown(value.tolist())
        return f"<{' x '.join(map(str, value.shape))}>"
    if isinstance(value, (str, bool, int)) or value is None:
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:36]} ..."
    return f"of type {type(value).__name__}"


def called(
    name: str, function: Callable[..., object], arguments: tuple[object, ...]
) -> str:
    """The call as one would type it: f(v=1, m=-0.5)."""
    try:
        keys = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        keys = []
    pairs = [shown(value) for value in arguments]
    for k, key in enumerate(keys[: len(pairs)]):
        if key.kind is not key.POSITIONAL_OR_KEYWORD:
            break
        pairs[k] = f"{key.name}={pairs[k]}"
    while len(f"{name}({', '.join(pairs)})") > _LONG and len(pairs) > 1:
        pairs = [*pairs[: -2 if pairs[-1] == "..." else -1], "..."]
    return f"{name}({', '.join(pairs)})"


def size(value: object) -> int:
    """How many scalars there are to read."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return sum(size(item) for item in value)
    return value.size if isinstance(value, np.ndarray) else 1
