"""The explorers there are, found by name.

``<stem>_explorer`` lives in ``nnbcd/explore/<stem>.py``; nothing else needs
to be told about it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from nnbcd.explore.explorer import Explorer

__all__ = ["catalogue"]


def catalogue() -> dict[str, Callable[[], Explorer]]:
    """Every ``<stem>_explorer``, by name.

    Returns
    -------
    dict
        Name to a function that, called without arguments, returns the
        explorer at its start.

    Examples
    --------
    >>> "prox_explorer" in catalogue()
    True
    """
    folder = str(Path(__file__).parent)
    found = {}
    for entry in pkgutil.iter_modules([folder]):
        name = f"{entry.name}_explorer"
        make = getattr(_module(entry.name), name, None)
        if make is not None:
            found[name] = make
    return found


def _module(stem: str) -> object:
    """The module; one that needs what is not installed counts as empty."""
    try:
        return import_module(f"nnbcd.explore.{stem}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nnbcd"):
            raise
        return None
