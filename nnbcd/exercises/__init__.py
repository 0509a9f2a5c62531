'''Exercises that say whether an answer is right, and if not, why.

A reader hands over an answer, a function or a value:

>>> from nnbcd.exercises import check
>>> def absolute_prox(v, m, c):
...     """Minimise 1/2 (abs(u) - v)^2 + c/2 (u - m)^2 over u."""
>>> verdict = check("u_update.absolute_prox", absolute_prox)
Not yet: absolute_prox returns nothing. Start from the case m >= 0, where no
point on the left is better than its mirror image.
>>> verdict.right
False

**For authors.** The exercises of the chapter ``book/_src/<stem>.md`` live in
``nnbcd/exercises/<stem>.py``, which is imported when one of them is checked;
no other file names it. The module holds one dictionary::

    from nnbcd.exercises import Function, Property, Value

    EXERCISES = {
        "absolute_prox": Function(
            solution=absolute_prox,   # also the reference
            wrong=only_right,         # must be refused
            start="the lowest point of either half line",
            cases=some_cases,         # rng -> tuples of arguments
        ),
        "jump": Value(solution=2**0.5, wrong=2.0, start="the corollary"),
        "decrease": Property(
            solution=..., wrong=..., start="...",
            test=complaint,           # answer, name, rng -> str or None
            right="the objective falls on each of 50 problems",
        ),
    }

=============  ========================================================
`Function`     the answer is called on every case and compared with the
               solution; the smallest failing case is shown
`Value`        a number, an array, a tuple of such, a word, a truth value
`Property`     ``test`` returns what is wrong, or None: for answers that
               are not unique
=============  ========================================================

Numbers agree within ``rtol`` (1e-6) and ``atol`` (1e-8), both settable.
``start`` is told to a reader who has written nothing yet: it completes the
sentence "Start from ...". ``solution`` and ``wrong`` are what the tests hand
over, so that an exercise that accepts everything, or nothing, is found.
Torch tensors, NumPy arrays and numbers are compared alike. The generator is
seeded, so the printed sentence is the same on every run.
'''

from nnbcd.exercises._check import check, known
from nnbcd.exercises._exercise import Exercise, Function, Property, Value
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
