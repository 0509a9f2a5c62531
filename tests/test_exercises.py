"""Exercises: right answers pass, others are told why they do not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nnbcd.exercises import Function, Property, Value, Verdict, check, known
from nnbcd.exercises._check import find
from nnbcd.exercises._compare import mismatch
from nnbcd.exercises._exercise import Complaint

ROOT = Path(__file__).resolve().parents[1]
NAMES = known()
each = pytest.mark.parametrize("name", NAMES)


def nothing(*arguments: object) -> None:
    """A stub."""


def said(exercise, answer) -> str:
    with pytest.raises(Complaint) as caught:
        exercise.judge(answer, "chapter.exercise")
    return str(caught.value)


def square(x):
    return x**2


SQUARE = Function(
    solution=square,
    wrong=lambda x: 2 * x,
    start="x times x",
    cases=lambda rng: [(rng.normal(size=(4, 5)),), (3.0,), (2.0,)],
)


@each
def test_the_solution_is_right_and_the_wrong_answer_is_not(name, capsys):
    exercise = find(name)
    assert check(name, exercise.solution)
    assert capsys.readouterr().out.startswith("Right: ")
    assert not check(name, exercise.wrong)
    assert capsys.readouterr().out.startswith("Not yet: ")


@each
def test_a_stub_is_not_right_and_is_told_where_to_start(name, capsys):
    stubs = [None, ...]
    if callable(find(name).solution):
        stubs.append(nothing)
    for stub in stubs:
        assert not check(name, stub)
        words = " ".join(capsys.readouterr().out.split())
        assert words.startswith("Not yet: ")
        start = " ".join(find(name).start.split())
        assert f"Start from {start.rstrip('.')}." in words


@each
def test_the_chapter_uses_the_exercise(name):
    stem = name.partition(".")[0]
    text = (ROOT / f"book/_src/{stem}.md").read_text("utf-8")
    # once in the stub, once in the solution
    assert text.count(f'check("{name}", ') == 2


def test_an_unknown_name_is_answered_with_the_known_ones(capsys):
    verdict = check("u_update.nonsense", square)
    assert not verdict.right
    assert "u_update.absolute_prox" in verdict.message
    for name in ("nonsense", "", "_check.check", "a b.c", "u_update"):
        message = check(name, square).message
        assert message.startswith(f"Not yet: there is no exercise {name!r}")
    capsys.readouterr()


def test_the_smallest_counterexample_is_shown():
    assert said(SQUARE, lambda x: 2.0 * x + 1) == (
        "<lambda>(x=2) should be 4, but is 5"
    )


def test_a_wrong_entry_of_a_large_array_is_located():
    def almost(x):
        value = np.asarray(x**2)
        if value.size > 1:
            value[1, 2] = -1
        return value

    words = said(SQUARE, almost)
    assert "at entry (1, 2), but is -1; 1 of 20 entries differ" in words


def test_a_wrong_shape_is_named():
    assert "should be one number, but is an array of shape (1,)" in said(
        SQUARE, lambda x: np.atleast_1d(x**2)
    )


def test_what_an_answer_raises_is_a_sentence():
    def broken(x):
        return x / 0

    words = said(SQUARE, broken)
    assert words.startswith("broken(x=an array of shape (4, 5)) raised")
    assert "ValueError" in said(SQUARE, lambda x: int("two"))
    assert "TypeError" in said(SQUARE, lambda: 1)

    def later(x):
        raise NotImplementedError

    assert said(SQUARE, later) == (
        "later is not written yet. Start from x times x"
    )


def test_a_value_where_a_function_belongs_and_the_reverse():
    assert 'check("chapter.exercise", exercise)' in said(SQUARE, 4.0)
    value = Value(solution=2.0, wrong=3.0, start="1 + 1")
    assert "a value, not a function" in said(value, square)
    assert said(value, 3.0) == "3 is not the answer. Look at 1 + 1"
    assert value.judge(torch.tensor(2.0), "a.b") == "the answer is 2"


def test_an_answer_cannot_change_the_cases():
    def spoil(x):
        x = np.asarray(x)
        value = x**2
        if x.ndim:
            x[:] = 0
        return value

    assert "3 cases" in SQUARE.judge(spoil, "a.b")


def test_a_property_that_cannot_be_tested_is_a_sentence():
    exercise = Property(
        solution=square,
        wrong=abs,
        start="x",
        test=lambda f, rng: None if f(2) + 0 == 4 else "is not 4 at 2",
        right="4 at 2",
    )
    assert exercise.judge(square, "a.b") == "4 at 2"
    assert said(exercise, abs) == "abs is not 4 at 2"
    assert "cannot be tested" in said(exercise, lambda x: "four")
    assert "raised ZeroDivisionError" in said(exercise, lambda x: x / 0)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1.0, 1.0 + 1e-9),
        (torch.ones(2, requires_grad=True), np.ones(2)),
        ([1, 2], np.array([1.0, 2.0])),
        ((1, [2, 3]), (1.0, np.array([2.0, 3.0]))),
        (np.bool_(True), True),
        ({"a"}, {"a"}),
        (np.nan, np.nan),
    ],
)
def test_equal_in_value(got, want):
    assert mismatch(got, want, rtol=1e-6, atol=1e-8) is None


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (1.1, 1.0, "should be 1, but is 1.1"),
        ("two", 2.0, "should be numbers"),
        ([[1], [2, 3]], 2.0, "should be numbers"),
        (1, True, "should be True, but is 1"),
        (1.0, (1.0, 2.0), "should be 2 things"),
        ((1.0, 3.0), (1.0, 2.0), "item 2 of 2, which should be 2"),
        (np.nan, 1.0, "but is nan"),
    ],
)
def test_different_in_words(got, want, words):
    assert words in mismatch(got, want, rtol=1e-6, atol=1e-8)


def test_the_verdict_does_not_say_it_twice(capsys):
    verdict = check("u_update.by_hand", None)
    printed = capsys.readouterr().out
    assert " ".join(printed.split()) == verdict.message
    assert all(len(line) <= 78 for line in printed.splitlines())
    assert repr(verdict) == "Verdict(right=False)"
    display = pytest.importorskip("IPython.core.interactiveshell")
    shell = display.InteractiveShell.instance()
    assert shell.display_formatter.format(verdict) == ({}, {})
    assert Verdict(True, "") and not verdict


def test_the_sentence_is_the_same_every_time(capsys):
    messages = {check("u_update.four_branches", abs).message for _ in "ab"}
    capsys.readouterr()
    assert len(messages) == 1
