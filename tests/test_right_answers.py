"""Every exercise: right answers of any form pass, wrong ones are named."""

import re

import numpy as np
import pytest
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
        if isinstance(exercise, (Function, Property)):
            other += ["should ", "gives", "cannot be tested", "needs"]
            other += ["stops after", "goes on after"]
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
