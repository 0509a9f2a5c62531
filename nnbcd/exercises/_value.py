"""An answer by hand: numbers or words, judged one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from nnbcd.exercises._compare import agree, kind
from nnbcd.exercises._exercise import Exercise
from nnbcd.exercises._habits import habits
from nnbcd.exercises._plain import leaves
from nnbcd.exercises._reader import Complaint, Empty
from nnbcd.exercises._shown import shown

__all__ = ["Value"]

Number = int | float


@dataclass(frozen=True, kw_only=True)
class Value(Exercise):
    """Numbers, words or truth values, in any container.

    Parameters
    ----------
    items : tuple of str
        What each scalar of the solution is, in order: "the rate".
    slips : mapping
        From the place of an item, counted from 1, and a wrong value to the
        mistake: ``{(1, 0.5): "is the cosine, not its square"}``.
    rtol : float
        Relative tolerance of real numbers: three digits are enough. Whole
        numbers must be exact.
    """

    items: tuple[str, ...]
    slips: Mapping[tuple[int, Number], str] = field(default_factory=dict)
    rtol: float = 5e-3

    def judge(self, answer: object, name: str) -> str:
        """Compare item by item; say which is wrong, and how."""
        del name
        if answer is None or answer is ...:
            msg = "the answer is still empty"
            raise Empty(msg)
        if callable(answer):
            msg = "the answer should be a value, not a function: call it"
            raise Complaint(msg)
        got, want = leaves(answer), leaves(self.solution)
        if all(item is None or item is ... for item in got):
            msg = "the answer is still empty"
            raise Empty(msg)
        if len(got) != len(want):
            raise Complaint(self._count(got))
        wrong = [
            k
            for k, (mine, theirs) in enumerate(zip(got, want, strict=True))
            if not self._same(mine, theirs)
        ]
        if wrong:
            for words in self._order(got, want, wrong):
                raise Complaint(words)
            k = wrong[0]
            said = f"{self._item(k)} {self._mistake(k, got[k], want)}"
            raise Complaint(said)
        values = ", ".join(shown(item) for item in got)
        return f"the answer is {values}"

    def _same(self, mine: object, theirs: object) -> bool:
        if isinstance(theirs, str) or not isinstance(mine, (int, float)):
            return isinstance(mine, str) and mine == theirs
        return bool(agree(mine, theirs, rtol=self.rtol, atol=1e-12))

    def _count(self, got: list[object]) -> str:
        if len(got) == 1 and not isinstance(got[0], (int, float)):
            said = kind(got[0])
        else:
            said = f"{len(got)} number{'s' * (len(got) != 1)}"
        wanted = ", ".join(self.items)
        if len(self.items) == 1:
            return f"the answer should be {wanted}, but is {said}"
        many = f"the {len(self.items)} items {wanted}"
        if len(many) > 120:
            many = f"{len(self.items)} items"
        return f"the answer should hold {many}, but is {said}"

    def _order(
        self, got: list[object], want: list[object], wrong: list[int]
    ) -> Iterator[str]:
        """All values are right, but some are in the place of others."""
        if len(wrong) < 2:
            return
        for i, j in combinations(wrong, 2):
            if len(wrong) == 2 and (
                self._same(got[i], want[j]) and self._same(got[j], want[i])
            ):
                pair = f"{self.items[i]} and {self.items[j]}"
                yield f"items {i + 1} and {j + 1} are swapped ({pair})"
        left = Counter(wrong)
        for k in wrong:
            found = [j for j in left if self._same(got[k], want[j])]
            if not found:
                return
            del left[found[0]]
        yield "the items are right, but not in the order that is asked for"

    def _item(self, k: int) -> str:
        if len(self.items) == 1:
            return "the answer"
        return f"item {k + 1} of {len(self.items)} ({self.items[k]})"

    def _mistake(self, k: int, got: object, want: list[object]) -> str:
        theirs = want[k]
        if isinstance(theirs, str) or not isinstance(got, (int, float)):
            asked = "a word" if isinstance(theirs, str) else "one number"
            return f"should be {asked}, but is {kind(got)}"
        if not np.isfinite(got):
            return f"is {got}, which is no answer"
        for (place, value), words in self.slips.items():
            if place == k + 1 and self._same(got, value):
                return f"{words}: {shown(got)}"
        for j, other in enumerate(want):
            if j != k and self._same(got, other):
                return f"is what belongs into item {j + 1}: {shown(got)}"
        for words in habits(got, theirs, self.rtol):
            return f"{words}: {shown(got)}"
        assert isinstance(theirs, (int, float))
        if abs(got - theirs) > 0.05 * abs(theirs):
            return f"is not right: {shown(got)}"
        if isinstance(theirs, int):
            return f"is near, but must be exact: {shown(got)}"
        within = f"{100 * self.rtol:g} %"
        return f"is near, but not within {within}: {shown(got)}"
