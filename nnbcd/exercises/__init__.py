'''Exercises that say whether an answer is right, and if not, why.

A reader hands over an answer, a function or a value:

>>> from nnbcd.exercises import check
>>> def absolute_prox(v, m, c):
...     """Minimise 1/2 (abs(u) - v)^2 + c/2 (u - m)^2 over u."""
>>> verdict = check("u_update.absolute_prox", absolute_prox)
Not yet: absolute_prox returns nothing.
Add hint=True to the call for a hint.
>>> verdict.right
False
>>> verdict = check("u_update.absolute_prox", absolute_prox, hint=True)
Not yet: absolute_prox returns nothing.
Hint: start from the case m >= 0, where no point on the left is better than
its mirror image.

**For authors.** The exercises of the chapter ``book/_src/<stem>.md`` live in
``nnbcd/exercises/<stem>.py``, which is imported when one of them is checked;
no other file names it. The module holds one dictionary::

    from nnbcd.exercises import Function, Property, Value

    EXERCISES = {
        "absolute_prox": Function(
            solution=absolute_prox,       # also the reference
            slips={"forgets the sign": only_right},
            start="the lowest point of either half line",
            cases=some_cases,             # rng -> tuples of arguments
        ),
        "by_hand": Value(
            solution=(0.25, 60.0),
            items=("the rate", "the angle"),
            slips={(1, 0.5): "is the cosine, not its square"},
            start="the corollary",
        ),
        "decrease": Property(
            solution=..., wrong=(...,), start="...",
            test=complaint,               # answer, rng -> str or None
            right="the objective falls on each of 50 problems",
        ),
    }

=============  ========================================================
`Function`     the answer is called on every case and compared with the
               solution; the smallest failing case is shown
`Value`        numbers or words by hand, judged item by item
`Property`     ``test`` returns what is wrong, or None: for answers that
               are not unique
=============  ========================================================

Real numbers agree within ``rtol``: 1e-6 for a function, 0.5 % by hand. Whole
numbers must be exact. A solution that returns ``int`` asks for whole numbers.
NaN never passes, infinity only where the solution is infinite.

Slips are typical mistakes, in words that follow the answer's name. ``start``
is the hint and completes "Start from ...". A right answer may come as arrays,
tensors, fractions, lists or tuples. Cases hold arrays of one dimension or
more, so that a function may index and change them. The generator is seeded,
so the printed sentence is the same on every run. The tests put every solution
into 20 unusual forms, spoil it in 20 ways, and hand over all slips.
'''

from nnbcd.exercises._check import check, known
from nnbcd.exercises._exercise import Exercise, Function, Property
from nnbcd.exercises._value import Value
from nnbcd.exercises._verdict import Verdict

__all__ = [
    "Exercise",
    "Function",
    "Property",
    "Value",
    "Verdict",
    "check",
    "known",
]
