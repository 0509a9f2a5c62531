"""Exercises: what the reader is told, and when a hint is."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from nnbcd.exercises import Function, Property, Value, Verdict, check, known
from nnbcd.exercises._check import find
from nnbcd.exercises._compare import mismatch
from nnbcd.exercises._reader import Complaint
from nnbcd.exercises._shown import shown

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
    slips={"doubles": lambda x: 2 * x},
    start="x times x",
    cases=lambda rng: [(rng.normal(size=(4, 5)),), (3.0,), (2.0,)],
)
PAIR = Value(
    solution=(0.25, 60.0, 10),
    items=("the rate", "the angle", "the sweeps"),
    slips={(1, 0.5): "is the cosine, not its square"},
    start="the corollary",
)


@pytest.fixture(autouse=True)
def new_session(monkeypatch):
    monkeypatch.setattr("nnbcd.exercises._check._TRIED", set())


@each
def test_a_stub_is_not_right_and_a_hint_comes_on_demand(name, capsys):
    stubs = [None, ...]
    if callable(find(name).solution):
        stubs.append(nothing)
    start = " ".join(find(name).start.split())
    for stub in stubs:
        assert not check(name, stub)
        words = " ".join(capsys.readouterr().out.split())
        assert words.startswith("Not yet: ")
        assert words.endswith("Add hint=True to the call for a hint.")
        assert start not in words
        assert not check(name, stub, hint=True)
        words = " ".join(capsys.readouterr().out.split())
        assert words.endswith(f"Hint: start from {start.rstrip('.')}.")


def test_a_second_wrong_try_gets_a_hint_and_a_stub_never(capsys):
    name = "kl_tools.product"
    assert check(name, (0.5, 0.5)).hint == ""
    assert check(name, None).hint.startswith("Add hint=True")
    assert check(name, (0.5, 0.5)).hint.startswith("Hint: start from t = ")
    assert check("kl_tools.kink", abs).hint == ""
    assert check(name, (0.75, 1.68), hint=True).hint == ""
    capsys.readouterr()


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
        "exercise(x=2) should be 4, but is 5"
    )


def test_a_wrong_entry_of_a_large_array_is_located():
    def almost(x):
        value = np.asarray(x**2)
        if value.size > 1:
            value[1, 2] = -1
        return value

    words = said(SQUARE, almost)
    assert words.startswith("almost(x=<4 x 5>) should be ")
    assert words.endswith(" at entry (1, 2), but is -1")


def test_a_wrong_shape_is_named():
    assert "should be one number, but is an array of shape (2,)" in said(
        SQUARE, lambda x: np.array([x, x]) ** 2 if np.ndim(x) == 0 else x**2
    )


def test_a_mistake_that_explains_every_case_is_named():
    words = "exercise doubles: exercise(x=3) should be 9, but is 6"
    assert said(SQUARE, lambda x: 2 * x) == words
    assert "has the wrong sign: " in said(SQUARE, lambda x: -(x**2))
    assert "is 10 times too large: " in said(SQUARE, lambda x: 10 * x**2)
    # right in one case, so that no single mistake explains it
    assert "doubles" not in said(
        SQUARE, lambda x: np.where(np.equal(x, 3.0), 6.0, 0.0)
    )


def test_what_an_answer_raises_is_a_sentence():
    def broken(x):
        return 1 / 0

    words = said(SQUARE, broken)
    assert words.startswith("broken(x=<4 x 5>) raised ZeroDivisionError: ")
    assert "ValueError" in said(SQUARE, lambda x: int("two"))
    assert said(SQUARE, lambda: 1) == "exercise should take the arguments (x)"

    def later(x):
        raise NotImplementedError

    assert said(SQUARE, later) == "later is not written yet"


def test_a_value_where_a_function_belongs_and_the_reverse():
    assert 'check("chapter.exercise", exercise)' in said(SQUARE, 4.0)
    assert "a value, not a function" in said(PAIR, square)
    value = Value(solution=2.0, items=("a number",), start="1 + 1")
    assert said(value, 3.3) == "the answer is not right: 3.3"
    assert value.judge(torch.tensor(2.0), "a.b") == "the answer is 2"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((0.5, 60, 10), "item 1 of 3 (the rate) is the cosine, not its "),
        ((0.25, np.pi / 3, 10), "(the angle) is in radians, not in degrees"),
        ((0.25, 60, 9), "item 3 of 3 (the sweeps) is one too small: 9"),
        ((0.25, 60, 10.02), "(the sweeps) is near, but must be exact: 10.02"),
        ((0.25, 61, 10), "(the angle) is near, but not within 0.5 %: 61"),
        ((0.25, -60, 10), "(the angle) has the wrong sign: -60"),
        ((2.5, 60, 10), "(the rate) is 10 times too large: 2.5"),
        ((4, 60, 10), "(the rate) is one over what it should be: 4"),
        ((0.0625, 60, 10), "(the rate) is the square of what it should be"),
        ((0.25, 10, 60), "items 2 and 3 are swapped (the angle and the "),
        ((60, 10, 0.25), "the items are right, but not in the order that"),
        ((0.25, 10, 3), "(the angle) is what belongs into item 3: 10"),
        ((0.25, None, 10), "item 2 of 3 (the angle) should be one number"),
        ((0.25, np.nan, 10), "(the angle) is nan, which is no answer"),
        ((0.25, 60), "hold the 3 items the rate, the angle, the sweeps, but"),
    ],
)
def test_the_wrong_item_is_named(answer, words):
    assert words in said(PAIR, answer)


def test_zero_has_no_sign_and_a_matrix_is_not_shown():
    assert [shown(x) for x in (-0.0, np.float32(-0.0), -1e-17)] == ["0"] * 3
    assert shown(np.ones((2, 2))) == "<2 x 2>"
    assert "should be 0, but" in mismatch(1.0, -0.0, rtol=0.0, atol=0.0)


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
        wrong=(abs,),
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
        (np.array([1.0, 2.0]), (1.0, 2)),
        (Fraction(1, 2), 0.5),
        (np.str_("dense"), "dense"),
        ([4], 4),
        (1, True),
        (np.array(0.0), False),
        (np.inf, np.inf),
        (np.bool_(True), True),
    ],
)
def test_equal_in_value(got, want):
    assert mismatch(got, want, rtol=1e-6, atol=1e-8) is None


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (1.1, 1.0, "should be 1, but is 1.1"),
        ("two", 2.0, "should be one number, but is the word 'two'"),
        ([[1], [2, 3]], 2.0, "one number, but is a list of 2 things"),
        (0.5, True, "should be True, but is 0.5"),
        (2, True, "should be True, but is 2"),
        (np.nan, np.nan, "but is nan"),
        (np.inf, 1e300, "but is inf"),
        (7_000_001, 7_000_000, "should be 7000000, but is 7000001"),
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
    assert " ".join(printed.split()) == f"{verdict.message} {verdict.hint}"
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
