"""What a reader is told about an answer."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and the sentence that says so.

    `check` has printed the sentence already. So the verdict shows itself
    without it, and not at all as the last line of a notebook cell.

    Parameters
    ----------
    right : bool
        The answer was accepted. A verdict is true when it is right.
    message : str
        "Right: ..." or "Not yet: ...".
    hint : str
        What was printed below: the hint, how to get one, or nothing.
    """

    right: bool
    message: str = field(repr=False)
    hint: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return self.right

    def _ipython_display_(self) -> None:
        """Nothing: the sentence stands above already."""
