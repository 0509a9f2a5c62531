"""The reader's code, called so that what it raises becomes a sentence."""

from __future__ import annotations

import inspect
from copy import deepcopy

from nnbcd.exercises._plain import plain
from nnbcd.exercises._shown import called

__all__ = ["Complaint", "Empty", "Reader", "reason"]


class Complaint(Exception):
    """What is wrong with an answer, as a sentence without its full stop."""


class Empty(Complaint):
    """The reader has written nothing yet: no wrong try."""


class Reader:
    """The reader's function: named, called on copies, never raising.

    Parameters
    ----------
    answer : object
        What was handed over.
    name : str
        The exercise.
    model : callable
        The solution, whose arguments the answer must take.
    """

    def __init__(self, answer: object, name: str, model: object) -> None:
        if answer is None or answer is ...:
            msg = "there is no function yet"
            raise Empty(msg)
        short = name.rpartition(".")[2]
        if not callable(answer):
            msg = (
                f'hand over the function itself, check("{name}", {short}), '
                f"not a value of type {type(answer).__name__}"
            )
            raise Complaint(msg)
        own = getattr(answer, "__name__", "<")
        self.name = short if own.startswith("<") else own
        assert callable(model)
        self.function, self.model = answer, model

    def __call__(self, *arguments: object) -> object:
        """What the function gives, in NumPy's and Python's own types."""
        self._takes(arguments)
        try:
            value = self.function(*deepcopy(arguments))
        except NotImplementedError:
            msg = f"{self.name} is not written yet"
            raise Empty(msg) from None
        except Exception as error:
            said = f"{self.text(arguments)} raised {reason(error)}"
            raise Complaint(said) from None
        if value is None or value is ...:
            msg = f"{self.name} returns nothing"
            raise Empty(msg)
        return plain(value)

    def text(self, arguments: tuple[object, ...]) -> str:
        """The call, as one would type it."""
        return called(self.name, self.function, arguments)

    def _takes(self, arguments: tuple[object, ...]) -> None:
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            return
        try:
            signature.bind(*arguments)
        except TypeError:
            names = ", ".join(inspect.signature(self.model).parameters)
            msg = f"{self.name} should take the arguments ({names})"
            raise Complaint(msg) from None


def reason(error: Exception) -> str:
    """An error in half a sentence: its type, and how its words begin."""
    words = " ".join(str(error).split()).split(". ")[0].rstrip(".")
    words = words if len(words) <= 70 else words[:70].rpartition(" ")[0]
    name = type(error).__name__
    return f"{name}: {words}" if words else name
