"""Every exercise: right answers of any form pass, wrong ones are named."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from answer_forms import right, wrong

from nnbcd.exercises import Function, Property, Value, check, known
from nnbcd.exercises._check import find
from nnbcd.exercises._plain import leaves, numbers

each = pytest.mark.parametrize("name", known())
pytestmark = pytest.mark.filterwarnings("ignore")  # spoilt numbers overflow

# Spoilt answers that are as good as the solution.
STILL_RIGHT = {
    "g_update.sharp": {"sign", "ten", "tenth", "thousand", "twice", "half"}
    | {"near", "transposed", "flipped", "one more", "shifted"},
    "v_update.clipping_fails": {"twice", "half", "near", "ten", "tenth"}
    | {"sign", "thousand", "shifted", "flipped"},
    "sweep.stalled": {"near", "twice", "half", "ten", "tenth", "thousand"}
    | {"sign", "transposed", "flipped", "one nan"},
    "why.pack": {"transposed"},
    "paper_code.weights_that_print": {"transposed", "flipped"},
    "u_update.worst_start": {"transposed", "flipped"},
}


def cases(exercise):
    return list(exercise.cases(np.random.default_rng(0)))


def unchanged(exercise, answer):
    """Whether a spoilt function gives what the solution gives."""
    for given in cases(exercise):
        try:
            pair = answer(*given), exercise.solution(*given)
        except Exception:
            return False
        got, want = (leaves(x) for x in pair)
        if len(got) != len(want) or not all(
            a == b
            or (
                isinstance(a, float)
                and isinstance(b, float)
                and np.isclose(a, b, 1e-9, 0)
            )
            for a, b in zip(got, want, strict=True)
        ):
            return False
        shapes = [numbers(x) for x in pair]
        if all(s is not None for s in shapes) and (
            shapes[0].shape != shapes[1].shape
        ):
            return False
    return True


def assert_a_short_sentence(message):
    assert message.startswith("Not yet: ")
    assert message.endswith(".")
    assert len(message) < 200
    assert not re.search(r"[.!?] |\n", message)
    for noise in ("Traceback", "array(", "tensor(", "[[", "be -0,", "is -0:"):
        assert noise not in message


@each
def test_right_answers_in_unusual_form_pass(name, capsys):
    count = 0
    for label, answer in right(find(name)):
        verdict = check(name, answer)
        assert verdict.right, (label, verdict.message)
        count += 1
    capsys.readouterr()
    assert count >= 20


@each
def test_right_answers_are_told_from_wrong_ones_in_a_sentence(name, capsys):
    exercise, count = find(name), 0
    known_slips = list(getattr(exercise, "slips", {}).values())
    if isinstance(exercise, Function):
        known_slips = list(exercise.slips)
    for label, answer, words in wrong(exercise, name):
        if label in STILL_RIGHT.get(name, ()):
            continue
        if isinstance(exercise, Function) and callable(answer) and (
            unchanged(exercise, answer)
        ):  # fmt: skip
            continue
        verdict = check(name, answer)
        assert not verdict.right, label
        assert_a_short_sentence(verdict.message)
        other = [*known_slips, "belongs into", "swapped", "in the order"]
        other += ["one too", "is half", "is twice"]
        if any(words.endswith(slip) for slip in known_slips):
            other = []  # a slip is told in its own words
        elif isinstance(exercise, (Function, Property)):
            other += ["should ", "gives", "cannot be tested", "needs"]
            other += ["stops after", "goes on after", "must return"]
        assert any(w in verdict.message for w in (words, *other)), (
            label,
            verdict.message,
        )
        count += 1
    capsys.readouterr()
    assert count >= 20


@each
def test_right_answers_have_slips_of_their_own(name):
    exercise = find(name)
    if isinstance(exercise, Property):
        assert len(exercise.wrong) >= 2
        return
    assert len(exercise.slips) >= 2
    if isinstance(exercise, Value):
        assert len(exercise.items) == len(leaves(exercise.solution))
        places = {place for place, _ in exercise.slips}
        assert places <= set(range(1, len(exercise.items) + 1))


@each
def test_right_answers_may_index_their_arguments(name):
    exercise = find(name)
    if isinstance(exercise, Function):
        for given in cases(exercise):
            for argument in given:
                if isinstance(argument, (np.ndarray, np.generic)):
                    assert np.ndim(argument) >= 1


@each
def test_right_answers_get_their_slip_by_name(name, capsys):
    exercise = find(name)
    if isinstance(exercise, Function):
        for words, slip in exercise.slips.items():
            assert f" {words}: " in check(name, slip).message
    capsys.readouterr()


def into_zeros(v, m, c):
    """Absolute value, by masks, into an array that it makes."""
    u = np.zeros_like(v)
    u[m >= 0] = ((v + c * m) / (1 + c))[m >= 0]
    u[m < 0] = ((c * m - v) / (1 + c))[m < 0]
    u[v + c * np.abs(m) < 0] = 0
    return u


def in_z(z, y, w):
    """Squared hinge, into its argument, entry by entry."""
    for k in np.ndindex(*z.shape):
        if y[k] * z[k] < 1:
            z[k] = (y[k] + w * z[k]) / (1 + w)
    return z


def kink_in_numbers(left, right, value, v):
    low, high = left * (value - v), right * (value - v)
    return np.array([low, high, low <= high])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("why.by_hand", np.array([235_200, 216, 189_364, 123_480])),
        ("bcd_2d.by_hand", [Fraction(1, 4), torch.tensor(60.0), 10]),
        (
            "lifting.by_hand",
            np.array([0.5, 1.125, 0.3125, 0.25, 2.1875, 0.781]),
        ),
        ("g_update.count", torch.tensor([160, 288, 8])),
        ("pruning.bytes", np.array([117449, 227849])),
        ("sweep.count", np.array([221.0, 1.67])),
        ("kl_tools.product", (0.75, 1.68)),
        ("kl_tools.product", np.array([0.75, 2**0.75])),
        ("sweep.orders", [4]),
        ("kl_tools.kink", kink_in_numbers),
        ("u_update.absolute_prox", into_zeros),
        ("v_update.squared_hinge", in_z),
    ],
)
def test_right_answers_that_were_once_refused(name, answer, capsys):
    assert check(name, answer)
    capsys.readouterr()


def strict_kink(left, right, value, v):
    low, high = left * (value - v), right * (value - v)
    return low, high, low < high


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("u_update.worst_start", lambda *given: math.nan, "holds nan"),
        (
            "v_update.clipping_fails",
            ([0, 0], [math.nan], [[1, -1]]),
            "the answer holds nan",
        ),
        (
            "v_update.clipping_fails",
            ([0, 0], [1e200], [[1, -1]]),
            "the answer holds 1e+200, which is too large",
        ),
        (
            "kl_proof.sweeps_needed",
            lambda phi, a, b, delta: int(b * b * phi / (a * delta**2)) + 1,
            "adds one where the ratio is a whole number",
        ),
        ("kl_tools.kink", strict_kink, "leaves a single point unfilled"),
        ("sweep.count", (221e9, 1.67), "1,000,000,000 times too large"),
        (
            "pruning.by_hand",
            ([[3, 0], [0, 1.5]], 1.8125**0.5),
            "item 5 of 5 (distance) is the distance, not its square",
        ),
        ("bcd_2d.by_hand", (0.25, math.pi / 3, 10), "(the angle) is in rad"),
    ],
)
def test_right_answers_only_not_what_was_once_accepted(
    name, answer, words, capsys
):
    verdict = check(name, answer)
    assert not verdict
    assert words in verdict.message
    assert_a_short_sentence(verdict.message)
    capsys.readouterr()
