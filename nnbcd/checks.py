"""Checks of arguments: one sentence that names the argument and the fix."""

from __future__ import annotations

import operator
from math import isfinite
from numbers import Real
from typing import Any

import torch

__all__ = [
    "choice",
    "count",
    "counts",
    "device",
    "instance",
    "number",
    "seed",
    "share",
]


def count(name: str, value: Any, *, least: int = 1) -> int:
    """``value`` as an int of at least ``least``, or ValueError.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : object
        Anything that is exactly an integer (NumPy's too), no bool.
    least : int
        Smallest value allowed.
    """
    try:
        out = operator.index(value)
    except TypeError:
        out = least - 1
    if isinstance(value, bool) or out < least:
        msg = f"{name} must be an integer of at least {least}, got {value!r}."
        raise ValueError(msg)
    return out


def counts(name: str, value: Any, *, least: int = 1) -> tuple[int, ...]:
    """A sequence of :func:`count` values as a tuple, or ValueError."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        msg = f"{name} must be a sequence of integers, got {value!r}."
        raise ValueError(msg)
    return tuple(count(name, item, least=least) for item in value)


def number(
    name: str, value: Any, *, least: float = 0.0, strict: bool = False
) -> float:
    """``value`` as a finite float >= least (> with strict), or ValueError.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : object
        A real number (NumPy's too), no bool.
    least : float
        Bound from below.
    strict : bool
        Whether the bound itself is refused.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    out = float(value) if real else float("nan")
    if not isfinite(out) or out < least or (strict and out == least):
        sign = ">" if strict else ">="
        msg = (
            f"{name} must be a finite number {sign} {least:g}, got {value!r}."
        )
        raise ValueError(msg)
    return out


def share(name: str, value: Any) -> float:
    """``value`` as a float in (0, 1], or ValueError."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not (real and 0 < float(value) <= 1):
        msg = f"{name} must lie in (0, 1], got {value!r}."
        raise ValueError(msg)
    return float(value)


def seed(value: Any) -> int:
    """``value`` as a seed, an int from 0 to 2**63 - 1, or ValueError."""
    out = count("seed", value, least=0)
    if out >= 2**63:
        msg = f"seed must be below 2**63, got {out}."
        raise ValueError(msg)
    return out


def device(value: Any) -> torch.device:
    """``value`` as a device this machine has, or ValueError."""
    try:
        out = torch.device(value)
        torch.empty(1, device=out).sum().item()  # meta has no numbers
    # torch says no by RuntimeError, AssertionError, TypeError, ...
    except Exception as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        msg = f"device {value!r} can't be used here ({reason}): use cpu."
        raise ValueError(msg) from None
    return out


def choice(name: str, value: Any, known: tuple[str, ...]) -> None:
    """Raise ValueError, listing ``known``, if value is not among them."""
    if not isinstance(value, str) or value not in known:
        msg = f"{name} must be one of {', '.join(known)}, not {value!r}."
        raise ValueError(msg)


def instance(name: str, value: Any, kind: type, example: str) -> None:
    """Raise TypeError, showing ``example``, if value is not a ``kind``."""
    if not isinstance(value, kind):
        kinds = kind.__name__
        msg = f"{name} must be a {kinds}, like {example}, got {value!r}."
        raise TypeError(msg)
