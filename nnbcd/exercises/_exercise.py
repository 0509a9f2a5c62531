"""The three kinds of exercise.

An exercise takes an answer and returns a complaint, or None. It calls the
reader's code through `call`, which turns what that code raises into a
complaint, so that a reader meets sentences only.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from nnbcd.exercises._compare import mismatch, shown, size

__all__ = ["Complaint", "Exercise", "Function", "Property", "Value", "call"]

Cases = Callable[[np.random.Generator], Iterable[tuple[object, ...]]]
Test = Callable[..., str | None]


class Complaint(Exception):
    """What is wrong with an answer, as a sentence without its full stop."""


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """What every kind has: a right answer, a wrong one, and a way in.

    Parameters
    ----------
    solution : object
        An answer that must be accepted.
    wrong : object
        A plausible answer that must be refused.
    start : str
        Completes "Start from ..." for a reader who has written nothing.
    """

    solution: object
    wrong: object
    start: str

    @abstractmethod
    def judge(self, answer: object, name: str) -> str:
        """What is right about ``answer``; raises `Complaint` if nothing is.

        ``name`` is the exercise's, for answers that have none.
        """

    def unsolved(self, what: str) -> Complaint:
        """The complaint about an answer that is not there."""
        return Complaint(f"{what}. Start from {self.start}")


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """A function that must agree with the solution on every case.

    Parameters
    ----------
    cases : callable
        Takes a seeded ``numpy.random.Generator`` and yields tuples of
        positional arguments.
    rtol, atol : float
        Tolerances of the comparison.
    """

    cases: Cases
    rtol: float = 1e-6
    atol: float = 1e-8

    def judge(self, answer: object, name: str) -> str:
        """Call both on every case; show the smallest that fails."""
        function = as_function(answer, name, self)
        assert callable(self.solution)
        found: list[tuple[tuple[int, int], str]] = []
        total = 0
        for arguments in self.cases(np.random.default_rng(0)):
            total += 1
            want = self.solution(*deepcopy(arguments))
            called = _call_text(function, arguments)
            try:
                got = call(self, function, *arguments)
            except Complaint as complaint:
                if total == 1:
                    raise  # nothing works: no need to look further
                found.append((size(arguments), str(complaint)))
                continue
            wrong = mismatch(got, want, rtol=self.rtol, atol=self.atol)
            if wrong:
                found.append((size(arguments), f"{called} {wrong}"))
        if found:
            raise Complaint(min(found)[1])
        cases = "case" if total == 1 else "cases"
        return f"{function.__name__} gives what it should on {total} {cases}"


@dataclass(frozen=True, kw_only=True)
class Value(Exercise):
    """A value: a number, an array, a tuple of these, a word, yes or no.

    Parameters
    ----------
    rtol, atol : float
        Tolerances of the comparison.
    hide : bool
        Do not tell the expected value when the answer is wrong.
    """

    rtol: float = 1e-6
    atol: float = 1e-8
    hide: bool = True

    def judge(self, answer: object, name: str) -> str:
        """Compare with the solution."""
        if answer is None or answer is ...:
            msg = "the answer is still empty"
            raise self.unsolved(msg)
        if callable(answer):
            msg = "the answer should be a value, not a function: call it"
            raise Complaint(msg)
        wrong = mismatch(
            answer, self.solution, rtol=self.rtol, atol=self.atol
        )
        same_kind = wrong and "of type" not in wrong and "shape" not in wrong
        if wrong and same_kind and self.hide:
            msg = f"{shown(answer)} is not the answer. Look at {self.start}"
            raise Complaint(msg)
        if wrong:
            msg = f"the answer {wrong}"
            raise Complaint(msg)
        return f"the answer is {shown(answer)}"


@dataclass(frozen=True, kw_only=True)
class Property(Exercise):
    """Anything that passes a test: for answers that are not unique.

    Parameters
    ----------
    test : callable
        ``test(answer, rng)`` returns what is wrong, as the end of a
        sentence that began with the answer's name, or None. A ``function``
        answer is wrapped: what it raises becomes a sentence.
    right : str
        Completes "Right: ..." when there is nothing to complain about.
    function : bool
        The answer must be a function.
    """

    test: Test
    right: str
    function: bool = True

    def judge(self, answer: object, name: str) -> str:
        """Apply the test."""
        if not self.function:
            if answer is None or answer is ...:
                msg = "the answer is still empty"
                raise self.unsolved(msg)
            subject, said = answer, "the answer"
        else:
            function = as_function(answer, name, self)
            said = function.__name__

            def subject(*arguments: object) -> object:
                return call(self, function, *arguments)

        try:
            wrong = self.test(subject, np.random.default_rng(0))
        except Complaint:
            raise
        except Exception as error:  # the answer is of no use to the test
            words = " ".join(f"{type(error).__name__}: {error}".split())
            wrong = f"gives something that cannot be tested ({words})"
        if wrong:
            msg = f"{said} {wrong}"
            raise Complaint(msg)
        return self.right


def as_function(
    answer: object, name: str, exercise: Exercise
) -> Callable[..., object]:
    """The answer, if it can be called; a complaint if not."""
    if answer is None or answer is ...:
        msg = "there is no function yet"
        raise exercise.unsolved(msg)
    if not callable(answer):
        short = name.rpartition(".")[2]
        msg = (
            f'hand over the function itself, check("{name}", {short}), '
            f"not a value of type {type(answer).__name__}"
        )
        raise Complaint(msg)
    if not hasattr(answer, "__name__"):
        msg = "hand over a plain function, made with def"
        raise Complaint(msg)
    return answer


def call(
    exercise: Exercise,
    function: Callable[..., object],
    *arguments: object,
) -> object:
    """Call the reader's function on copies; what it raises is a complaint."""
    try:
        value = function(*deepcopy(arguments))
    except NotImplementedError:
        said = f"{function.__name__} is not written yet"
        raise exercise.unsolved(said) from None
    except Exception as error:
        said = f"{_call_text(function, arguments)} raised "
        said += type(error).__name__
        words = " ".join(str(error).split())
        raise Complaint(f"{said}: {words}" if words else said) from None
    if value is None or value is ...:
        msg = f"{function.__name__} returns nothing"
        raise exercise.unsolved(msg)
    return value


def _call_text(
    function: Callable[..., object], arguments: tuple[object, ...]
) -> str:
    """The call as one would type it: f(v=1, m=-0.5)."""
    try:
        bound = inspect.signature(function).bind(*arguments).arguments
        pairs = [f"{key}={shown(value)}" for key, value in bound.items()]
    except (TypeError, ValueError):
        pairs = [shown(value) for value in arguments]
    return f"{function.__name__}({', '.join(pairs)})"
