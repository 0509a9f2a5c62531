"""An explorer whose picture Python can draw, and so a kernel as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nnbcd.explore.explorer import Explorer
from nnbcd.explore.picture import Picture

if TYPE_CHECKING:
    from ipywidgets import VBox

__all__ = ["DrawnExplorer"]


class DrawnExplorer(Explorer):
    """Base class of the explorers that have a ``draw``.

    ``draw(**settings)``, settings named like the controls, returns the
    `Picture` that the page shows for them.
    """

    draw: Callable[..., Picture]

    def live(self) -> VBox:
        """The explorer with a kernel: sliders move between the positions.

        Returns
        -------
        ipywidgets.VBox
            Controls, picture, caption and goal.
        """
        from nnbcd.explore.live import live

        return live(self)
