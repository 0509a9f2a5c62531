"""Right answers in unusual form, and answers spoilt in typical ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch

from nnbcd.exercises import Exercise, Function, Property, Value
from nnbcd.exercises._plain import leaves

Answer = tuple[str, object]
Wrong = tuple[str, object, str]  # label, answer, words the sentence holds


def _array(x, dtype=None):
    kind = np.asarray(x).dtype.kind
    return np.asarray(x, None if kind in "US" else dtype)


def _tensor(x, dtype=torch.float64):
    if isinstance(x, str):
        return np.array(x)  # a word is no tensor
    return torch.as_tensor(np.array(x), dtype=dtype)


def _nested(x, leaf, box=list):
    if isinstance(x, (list, tuple)):
        return box(_nested(item, leaf, box) for item in x)
    if isinstance(x, np.ndarray):
        return _nested(x.tolist(), leaf, box)
    return x if isinstance(x, str) else leaf(x)


def _exact(x):
    return Fraction(x) if np.isfinite(x) else x


def _objects(x):
    out = np.empty(np.shape(x), dtype=object)
    out[...] = x
    return out


def _strided(x):
    return np.repeat(_array(x)[..., None], 2, axis=-1)[..., 0]


def _frozen(x):
    out = np.array(x)
    out.flags.writeable = False
    return out


# What a scalar or an array can be turned into without changing its value.
SAME = {
    "array": _array,
    "longdouble": lambda x: _array(x, np.longdouble),
    "float32": lambda x: _array(x, np.float32),
    "complex": lambda x: _array(x, np.complex128),
    "tensor": _tensor,
    "float32 tensor": lambda x: _tensor(x, torch.float32),
    "gradient": lambda x: (
        x if isinstance(x, str) else _tensor(x).requires_grad_()
    ),
    "graph": lambda x: (
        x if isinstance(x, str) else _tensor(x).requires_grad_() * 1
    ),
    "objects": _objects,
    "strided": _strided,
    "frozen": _frozen,
    "fortran": lambda x: np.asarray(x, order="F"),
    "fractions": lambda x: _nested(x, _exact),
    "decimals": lambda x: _nested(x, lambda v: Decimal(float(v))),
    "numpy scalars": lambda x: _nested(x, np.float64),
    "0-d arrays": lambda x: _nested(x, np.array),
    "0-d tensors": lambda x: _nested(x, torch.tensor),
    "floats": lambda x: _nested(x, float),
    "tuples": lambda x: _nested(x, float, tuple),
    "ints": lambda x: _nested(
        x, lambda v: int(v) if np.isfinite(v) and v == int(v) else v
    ),
}


def _each(change, value):
    """Change the parts of a tuple, or what a callback returns."""
    if isinstance(value, tuple):
        return tuple(_each(change, item) for item in value)
    if callable(value):
        return lambda *given: _each(change, value(*given))
    return change(value)


def _then(function, change):
    def changed(*arguments):
        return _each(change, function(*arguments))

    return changed


def right(exercise: Exercise) -> Iterator[Answer]:
    """The solution in other types and containers: 20 or more."""
    solution = exercise.solution
    if callable(solution):
        for label, change in SAME.items():
            yield label, _then(solution, change)
        yield from _callables(solution)
        return
    for label, change in SAME.items():
        yield label, _each(change, solution)
        yield f"list of {label}", [_each(change, x) for x in _many(solution)]
    if isinstance(exercise, Value):
        flat = np.array(leaves(solution), dtype=np.float64)
        yield "flat", flat
        yield "flat tensor", torch.as_tensor(flat)
        yield "column", flat[:, None]
        yield "row", flat[None].tolist()
        yield "boxes", [[x] for x in flat]
        yield (
            "three digits",
            [
                x if isinstance(x, int) else float(f"{x:.3g}")
                for x in leaves(solution)
            ],
        )


def _many(value):
    return value if isinstance(value, (list, tuple)) else (value,)


def _callables(solution: Callable) -> Iterator[Answer]:
    def spoils(*arguments):
        value = solution(*arguments)
        kept = value if callable(value) else _each(np.copy, value)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return kept

    def in_place(*arguments):
        value = solution(*arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[argument < 0] = 0  # masks need an array
                if isinstance(value, np.ndarray) and (
                    value.shape == argument.shape
                ):
                    argument[:] = value
                    return argument
        return value

    def more(*arguments, verbose=False, **options):
        return solution(*arguments)

    class Callable_:
        def __call__(self, *arguments):
            return solution(*arguments)

    yield "spoils its arguments", spoils
    yield "in place", in_place
    yield "options", more
    yield "partial", partial(solution)
    yield "object", Callable_()
    yield "method", Callable_().__call__
    yield "lambda", lambda *arguments: solution(*arguments)


def _numbers(change):
    """Apply to numbers and arrays of numbers; leave words alone."""

    def apply(x):
        x = np.asarray(x)
        return x if x.dtype.kind in "US" else change(x.astype(float))

    return apply


def _one_nan(x):
    x = np.array(x)
    x.reshape(-1)[-1:] = np.nan
    return x


SPOILT = {
    "nan": (_numbers(lambda x: x * np.nan), "nan"),
    "inf": (_numbers(lambda x: np.full(x.shape, np.inf)), "inf"),
    "one nan": (_numbers(_one_nan), "nan"),
    "sign": (_numbers(lambda x: -x), "has the wrong sign"),
    "ten": (_numbers(lambda x: 10 * x), "is 10 times too large"),
    "tenth": (_numbers(lambda x: x / 10), "is 10 times too small"),
    "thousand": (_numbers(lambda x: 1e3 * x), "is 1,000 times too large"),
    "twice": (_numbers(lambda x: 2 * x), "is twice what"),
    "half": (_numbers(lambda x: x / 2), "is half of what"),
    "one more": (_numbers(lambda x: x + 1), "should be"),
    "near": (_numbers(lambda x: x * 1.01), "should be"),
    "shifted": (_numbers(lambda x: x + 0.01), "should be"),
    "zeros": (_numbers(lambda x: 0 * x), "should be"),
    "complex": (_numbers(lambda x: x + 1j), "complex"),
    "transposed": (lambda x: np.asarray(x).T, "is transposed"),
    "flipped": (lambda x: np.flip(np.asarray(x)), "should be"),
    "word": (lambda x: "right", "word"),
    "words": (lambda x: np.full(np.shape(x), "right"), "word"),
    "nothing inside": (lambda x: [None], ""),
    "set": (lambda x: {1, 2}, "set"),
    "dict": (lambda x: {"answer": x}, "dict"),
    "generator": (lambda x: (k for k in "ab"), "generator"),
    "extra axis": (lambda x: np.stack([x, x]), "should be"),
    "empty": (lambda x: [], "should be"),
}


def _raises(*arguments):
    msg = "operands could not be broadcast. See help. " * 9
    raise ValueError(msg)


def _function_wrong(solution: Callable, name: str) -> Iterator[Wrong]:
    for label, (change, words) in SPOILT.items():
        yield label, _then(solution, change), words
    first: list[object] = []

    def constant(*arguments):
        first.append(solution(*arguments))
        return first[0]

    yield "constant", constant, ""
    yield "nothing", lambda *arguments: None, "returns nothing"
    yield "raises", _raises, "raised ValueError: operands"
    yield "no arguments", lambda: 1.0, "should take the arguments ("
    yield "a value", 1.0, "hand over the function itself"
    yield "a tensor", torch.ones(3), "hand over the function itself"
    yield "a word", "def f(x):", "hand over the function itself"
    yield "no function", None, "no function yet"
    yield "own type", lambda *given: SimpleNamespace(), "SimpleNamespace"
    yield "its input", lambda *given: given[0], ""
    yield "one more thing", lambda *given: (solution(*given), 0, 0, 0), ""
    yield "itself", lambda *given: solution, ""


def _value_wrong(exercise: Value) -> Iterator[Wrong]:
    want = leaves(exercise.solution)
    count = len(want)

    def with_item(k, value):
        return [*want[:k], value, *want[k + 1 :]]

    for k, x in enumerate(want):
        item = f"item {k + 1} of {count}" if count > 1 else "the answer"
        for (place, value), words in exercise.slips.items():
            if place == k + 1:
                said = (
                    f"({exercise.items[k]}) {words}" if count > 1 else words
                )
                yield f"{item}: {value}", with_item(k, value), said
        for value, words in (
            (np.nan, "is nan, which is no answer"),
            (-np.inf, "is -inf, which is no answer"),
            (None, "still empty"),
            (str(x), f"should be one number, but is the word '{x}'"),
            (x + 1j, "should be one number, but is a complex number"),
            (abs, "builtin_function_or_method"),
        ):
            yield f"{item}: {value}", with_item(k, value), words
        if x:
            for factor, words in (
                (-1, "has the wrong sign"),
                (10, "is 10 times too large"),
                (0.1, "is 10 times too small"),
                (1e6, "is 1,000,000 times too large"),
                (2, "is twice what"),
                (1.02, "is near"),
                (3.7, "is not right"),
            ):
                yield f"{item}: x {factor}", with_item(k, x * factor), words
        if isinstance(x, int):
            yield f"{item}: one more", with_item(k, x + 1), "one too large"
            yield f"{item}: one less", with_item(k, x - 1), "one too small"
    yield "nothing", None, "empty"
    yield "empty", (), "empty"
    yield "one more", [*want, 1], f"{count + 1} numbers"
    yield "a function", lambda: want, "a value, not a function"
    yield "a word", "right", "'right'"
    yield "a set", set(want), "set"
    yield "a dict", dict(enumerate(want)), "dict"
    if count > 1:
        one = f"{count - 1} number{'s' * (count > 2)}"
        yield "one short", want[:-1], one
        swapped = [want[1], want[0], *want[2:]]
        if abs(want[0] - want[1]) > 0.01 * abs(want[0]):
            yield "swapped", swapped, "items 1 and 2 are swapped"
        if want[-1] != want[0]:
            yield "reversed", want[::-1], ""


def _property_wrong(exercise: Property, name: str) -> Iterator[Wrong]:
    for answer in exercise.wrong:
        yield repr(answer), answer, ""
    if callable(exercise.solution):
        yield from _function_wrong(exercise.solution, name)
        return
    for label, (change, words) in SPOILT.items():
        yield label, _each(change, exercise.solution), words
    yield "nothing", None, "empty"
    yield "a word", "right", ""
    yield "a number", 3.0, ""
    yield "one short", exercise.solution[:-1], ""
    yield "a function", exercise.judge, ""


def wrong(exercise: Exercise, name: str) -> Iterator[Wrong]:
    """Typical wrong answers, each with words that name the mistake."""
    if isinstance(exercise, Value):
        yield from _value_wrong(exercise)
    elif isinstance(exercise, Property):
        yield from _property_wrong(exercise, name)
    elif isinstance(exercise, Function):
        for words, slip in exercise.slips.items():
            yield words, slip, words
        yield from _function_wrong(exercise.solution, name)
