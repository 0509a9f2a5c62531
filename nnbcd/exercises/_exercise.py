"""What all exercises share, and the two kinds that call a function.

An exercise takes an answer and says what is right about it, or raises a
complaint. It calls the reader's code through `Reader`, which turns what that
code raises into a complaint, so that a reader meets sentences only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from nnbcd.exercises._compare import finite, mismatch
from nnbcd.exercises._habits import habits
from nnbcd.exercises._plain import plain
from nnbcd.exercises._reader import Complaint, Empty, Reader, reason
from nnbcd.exercises._shown import size

__all__ = ["Exercise", "Function", "Property"]

Cases = Callable[[np.random.Generator], Iterable[tuple[object, ...]]]
Test = Callable[..., str | None]


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """What every kind has: a right answer, and a way in.

    Parameters
    ----------
    solution : object
        An answer that must be accepted.
    start : str
        The hint: it completes "Start from ...".
    """

    solution: object
    start: str

    @abstractmethod
    def judge(self, answer: object, name: str) -> str:
        """What is right about ``answer``; raises `Complaint` if nothing is.

        ``name`` is the exercise's, for answers that have none.
        """


@dataclass(frozen=True, kw_only=True)
class Function(Exercise):
    """A function that must agree with the solution on every case.

    Parameters
    ----------
    slips : mapping
        From the mistake to a function that makes it: "forgets the sign". An
        answer that agrees with it on every case is told the mistake.
    cases : callable
        Takes a seeded ``numpy.random.Generator`` and yields tuples of
        positional arguments; arrays have one dimension or more.
    rtol, atol : float
        Tolerances of real numbers; whole numbers are compared exactly.
    """

    slips: Mapping[str, Callable[..., object]]
    cases: Cases
    rtol: float = 1e-6
    atol: float = 1e-8

    def judge(self, answer: object, name: str) -> str:
        """Call both on every case; show the smallest that fails."""
        function = Reader(answer, name, self.solution)
        found: list[tuple[int, str]] = []
        given: list[tuple[tuple[object, ...], object]] = []
        failed: list[list[str]] = []
        cases = list(self.cases(np.random.default_rng(0)))
        for number, arguments in enumerate(cases):
            try:
                got = function(*arguments)
            except Complaint as complaint:
                if number == 0 or isinstance(complaint, Empty):
                    raise  # nothing works: no need to look further
                found.append((size(arguments), str(complaint)))
                continue
            given.append((arguments, got))
            want = self._run(self.solution, arguments)
            wrong = self._differs(got, want)
            if wrong:
                failed.append(habits(got, want, self.rtol))
                said = f"{function.text(arguments)} {wrong}"
                found.append((size(arguments), said))
        if found:
            slip = len(given) == len(cases) and self._slip(given)
            always = set.intersection(*map(set, failed)) if (
                len(failed) == len(found)
            ) else set()  # fmt: skip
            habit = (h for h in failed[0] if h in always) if always else ()
            known = slip or next(iter(habit), None)
            said = min(found)[1]
            if known:
                said = f"{function.name} {known}: {said}"
            raise Complaint(said)
        count = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
        return f"{function.name} gives what it should on {count}"

    def _slip(
        self, given: list[tuple[tuple[object, ...], object]]
    ) -> str | None:
        """The typical mistake that gives the same on every case."""
        for words, slip in self.slips.items():
            if not any(
                self._differs(y, self._run(slip, x)) for x, y in given
            ):
                return words
        return None

    def _differs(self, got: object, want: object) -> str | None:
        return mismatch(got, want, rtol=self.rtol, atol=self.atol)

    @staticmethod
    def _run(function: object, arguments: tuple[object, ...]) -> object:
        assert callable(function)
        return function(*deepcopy(arguments))


@dataclass(frozen=True, kw_only=True)
class Property(Exercise):
    """Anything that passes a test: for answers that are not unique.

    Parameters
    ----------
    wrong : tuple of object
        Plausible answers that must be refused.
    test : callable
        ``test(answer, rng)`` returns what is wrong, as the end of a
        sentence that began with the answer's name, or None. It is handed
        finite numbers only, in NumPy's types. What the answer raises
        becomes a sentence.
    right : str
        Completes "Right: ..." when there is nothing to complain about.
    function : bool
        The answer must be a function.
    """

    wrong: tuple[object, ...]
    test: Test
    right: str
    function: bool = True

    def judge(self, answer: object, name: str) -> str:
        """Apply the test."""
        if self.function:
            reader = Reader(answer, name, self.solution)
            said = reader.name

            def subject(*arguments: object) -> object:
                value = reader(*arguments)
                endless = finite(value)
                if endless:
                    msg = f"what {reader.text(arguments)} gives {endless}"
                    raise Complaint(msg)
                return value
        else:
            if answer is None or answer is ...:
                msg = "the answer is still empty"
                raise Empty(msg)
            subject, said = plain(answer), "the answer"  # type: ignore[assignment]
            endless = finite(answer)
            if endless:
                msg = f"the answer {endless}"
                raise Complaint(msg)
        try:
            wrong = self.test(subject, np.random.default_rng(0))
        except Complaint:
            raise
        except Exception as error:  # the answer is of no use to the test
            wrong = f"gives something that cannot be tested ({reason(error)})"
        if wrong:
            msg = f"{said} {wrong}"
            raise Complaint(msg)
        return self.right
