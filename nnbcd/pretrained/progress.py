"""A bar on stderr, one step a layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["bar"]


@contextmanager
def bar(total: int, shown: bool) -> Iterator[Callable[[str], None]]:
    """What to call with the name of each layer that is done.

    Parameters
    ----------
    total : int
        Layers.
    shown : bool
        False shows nothing.
    """
    if not shown:
        yield lambda name: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, unit="layer", file=sys.stderr) as line:

        def advance(name: str) -> None:
            line.set_postfix_str(name)
            line.update(1)

        yield advance
