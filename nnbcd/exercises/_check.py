"""Finding an exercise by name, and telling the reader."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill

from nnbcd.exercises._exercise import Complaint, Exercise
from nnbcd.exercises._verdict import Verdict

__all__ = ["check", "find", "known"]

_WIDTH = 78


def check(name: str, answer: object) -> Verdict:
    """Print whether ``answer`` solves the exercise, and why not.

    Parameters
    ----------
    name : str
        ``"<chapter>.<exercise>"``, as it stands in the chapter.
    answer : object
        The function, or the value, that the exercise asks for.

    Returns
    -------
    Verdict
        True when the answer is right. What the answer raises is told in
        the sentence, never raised.
    """
    verdict = _judge(name, answer)
    # A long formula in a sentence is not broken: it could not be copied.
    print(fill(verdict.message, _WIDTH, break_long_words=False))
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


def _judge(name: str, answer: object) -> Verdict:
    exercise = find(name)
    if exercise is None:
        names = known()
        stem = name.partition(".")[0]
        near = [n for n in names if n.startswith(f"{stem}.")] or names
        said = f"there is no exercise {name!r}. There are "
        return _not_yet(said + ", ".join(near))
    try:
        return Verdict(True, f"Right: {exercise.judge(answer, name)}.")
    except Complaint as complaint:
        return _not_yet(str(complaint))


def _not_yet(words: str) -> Verdict:
    return Verdict(False, f"Not yet: {words.rstrip('.')}.")


def _chapter(stem: str) -> dict[str, Exercise]:
    module = import_module(f"nnbcd.exercises.{stem}")
    exercises: dict[str, Exercise] = module.EXERCISES
    return exercises
