"""Finding an exercise by name, and telling the reader."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill

from nnbcd.exercises._exercise import Exercise
from nnbcd.exercises._reader import Complaint, Empty
from nnbcd.exercises._verdict import Verdict

__all__ = ["check", "find", "known"]

_WIDTH = 78
_TRIED: set[str] = set()  # exercises with a wrong try in this session


def check(name: str, answer: object, *, hint: bool = False) -> Verdict:
    """Print whether ``answer`` solves the exercise, and why not.

    Numbers by hand are judged one by one. Three digits are enough; whole
    numbers must be exact. Arrays, tensors, fractions, lists and tuples of
    the same numbers are the same answer.

    Parameters
    ----------
    name : str
        ``"<chapter>.<exercise>"``, as it stands in the chapter.
    answer : object
        The function, or the value, that the exercise asks for.
    hint : bool
        Print a hint as well, unless the answer is right. The second wrong
        try of an exercise gets one unasked.

    Returns
    -------
    Verdict
        True when the answer is right. What the answer raises is told in
        the sentence, never raised.

    Examples
    --------
    >>> from nnbcd.exercises import check
    >>> verdict = check("kl_tools.product", (0.5, 2**0.75), hint=True)
    Not yet: item 1 of 2 (theta) is the exponent of a quadratic: 0.5.
    Hint: start from t = |x y|, and x^2 + y^2 >= 2 t.
    """
    verdict = _judge(name, answer, hint)
    for said in (verdict.message, verdict.hint):
        if said:
            # A long formula is not broken: it could not be copied.
            print(fill(said, _WIDTH, break_long_words=False))
    return verdict


def known() -> tuple[str, ...]:
    """The names of all exercises, in the order of the alphabet."""
    folder = str(Path(__file__).parent)
    stems = [m.name for m in pkgutil.iter_modules([folder])]
    return tuple(
        f"{stem}.{name}"
        for stem in sorted(stems)
        if not stem.startswith("_")
        for name in sorted(_chapter(stem))
    )


def find(name: str) -> Exercise | None:
    """The exercise of that name, or None."""
    stem, _, short = name.partition(".")
    if not stem.isidentifier() or stem.startswith("_"):
        return None
    if find_spec(f"nnbcd.exercises.{stem}") is None:
        return None
    return _chapter(stem).get(short)


def _judge(name: str, answer: object, hint: bool) -> Verdict:
    exercise = find(name)
    if exercise is None:
        names = known()
        stem = name.partition(".")[0]
        near = [n for n in names if n.startswith(f"{stem}.")] or names
        said = f"there is no exercise {name!r}. There are "
        return _not_yet(said + ", ".join(near))
    way_in = f"Hint: start from {exercise.start.rstrip('.')}."
    try:
        return Verdict(True, f"Right: {exercise.judge(answer, name)}.")
    except Empty as complaint:
        more = way_in if hint else "Add hint=True to the call for a hint."
        return _not_yet(str(complaint), more)
    except Complaint as complaint:
        again = name in _TRIED
        _TRIED.add(name)
        return _not_yet(str(complaint), way_in if hint or again else "")


def _not_yet(words: str, hint: str = "") -> Verdict:
    return Verdict(False, f"Not yet: {words.rstrip('.')}.", hint)


def _chapter(stem: str) -> dict[str, Exercise]:
    module = import_module(f"nnbcd.exercises.{stem}")
    exercises: dict[str, Exercise] = module.EXERCISES
    return exercises
