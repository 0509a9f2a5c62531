"""Explorers written in Python only: one function draws every frame.

A chapter says what the controls are and what is to be seen for each of their
positions::

    def v_update_explorer() -> GridExplorer:
        return GridExplorer(
            title="The V update of two neurons",
            goal="Make the condition number less than 3.",
            controls=(
                Slider("rho", "rho, pull to the layer above", 1, 9, 1, 3),
                Stops("gamma", "gamma, pull to the activation",
                      (0.01, 0.1, 1.0, 10.0), 1.0),
            ),
            draw=draw,  # draw(rho=..., gamma=...) -> Picture
        )

`draw` is called once for every combination of positions, and the answers
travel with the page: no kernel, no network, no script of one's own. In a
notebook with a kernel, `live()` calls it between the positions as well.

It belongs in ``nnbcd/explore/<stem>.py`` as ``<stem>_explorer``. What takes
training is stored as a small JSON file beside the module, written by
``python -m nnbcd.explore.<stem>`` (`write_table`, `read_table`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from html import escape
from math import prod
from pathlib import Path
from typing import Any

from nnbcd.explore.controls import Choice, Slider, Stops, Value
from nnbcd.explore.drawn import DrawnExplorer
from nnbcd.explore.encode import encode
from nnbcd.explore.picture import Picture

__all__ = ["GridExplorer", "read_table", "write_table"]

MOST_FRAMES = 4000
MOST_BYTES = 1_500_000


class GridExplorer(DrawnExplorer):
    """Controls, and a function that draws what they say.

    Parameters
    ----------
    title : str
        The heading of the explorer.
    controls : tuple of Slider, Stops or Choice
        At most 4000 combinations of positions.
    draw : callable
        Keyword arguments named like the controls, returns a `Picture`. It
        must give the same picture for the same arguments.
    goal : str
        What is to be reached: a sentence.
    legend : str
        A note below the panels.
    play : str
        The name of a control that a button moves through its positions.

    Raises
    ------
    ValueError
        If there are too many frames, or no control named ``play``.
    """

    scripts = ("plot.js", "marks.js", "grid_view.js")

    def __init__(
        self,
        *,
        title: str,
        controls: tuple[Slider | Stops | Choice, ...],
        draw: Callable[..., Picture],
        goal: str = "",
        legend: str = "",
        play: str = "",
    ) -> None:
        self.title, self.goal, self.legend = title, goal, legend
        self.play = play
        self.draw = draw
        self._controls = controls
        names = [c.name for c in controls]
        if play and play not in names:
            msg = f"play must name one of {', '.join(names)}, got {play!r}."
            raise ValueError(msg)
        if len(set(names)) != len(names) or not names:
            msg = "controls must have names, each of its own."
            raise ValueError(msg)
        count = prod(len(c.every()) for c in controls)
        if count > MOST_FRAMES:
            msg = (
                f"{title!r} has {count} frames, more than {MOST_FRAMES}: "
                "take larger steps, or fewer controls."
            )
            raise ValueError(msg)

    @property
    def controls(self) -> tuple[Slider | Stops | Choice, ...]:
        """The controls, in reading order."""
        return self._controls

    @cached_property
    def frames(self) -> tuple[tuple[dict[str, Value], Picture], ...]:
        """Every setting with its picture; the last control moves fastest."""
        settings = self.grid(MOST_FRAMES)
        return tuple((s, self.draw(**s)) for s in settings)

    def data(self) -> Mapping[str, object]:
        """The positions of the controls, and the encoded frames.

        Raises
        ------
        ValueError
            If they take more than 1.5 MB.
        """
        axes = [[c.name, list(c.every())] for c in self.controls]
        content = {"axes": axes, **encode(p for _, p in self.frames)}
        # JSON as the page will hold it.
        size = len(json.dumps(content))
        if size > MOST_BYTES:
            msg = (
                f"{self.title!r} takes {size / 1e6:.1f} MB, more than "
                f"{MOST_BYTES / 1e6} MB: draw fewer points, or fewer frames."
            )
            raise ValueError(msg)
        return content

    def extras(self) -> str:
        """The button that plays."""
        if not self.play:
            return ""
        name = escape(self.play)
        (control,) = (c for c in self.controls if c.name == self.play)
        label = escape(control.label.partition(",")[0])
        return (
            f'<p><button type="button" class="nnbcd-play" data-play="{name}" '
            f'aria-label="Play {label}">\u25b6 Play {label}</button></p>'
        )


def read_table(module: str) -> Any:
    """Read the numbers that belong to a module of explorers.

    Parameters
    ----------
    module : str
        ``__file__`` of the module; ``<stem>.json`` stands beside it.

    Returns
    -------
    object
        What `write_table` stored.
    """
    return json.loads(Path(module).with_suffix(".json").read_text("utf-8"))


def write_table(module: str, content: object, *, digits: int = 5) -> None:
    """Store numbers beside a module, rounded, sorted and one key a line.

    Parameters
    ----------
    module : str
        ``__file__`` of the module.
    content : object
        Dictionaries, lists, words and numbers.
    digits : int
        Significant digits kept.

    Raises
    ------
    ValueError
        If the file would take more than 200 kB.
    """

    def tidy(value: object) -> object:
        if isinstance(value, dict):
            return {str(k): tidy(v) for k, v in sorted(value.items())}
        if isinstance(value, (list, tuple)):
            return [tidy(v) for v in value]
        if isinstance(value, float):
            return float(f"{value:.{digits}g}")
        return value

    clean = tidy(content)
    if isinstance(clean, dict):
        rows = (f"{json.dumps(k)}: {json.dumps(v)}" for k, v in clean.items())
        text = "{\n" + ",\n".join(rows) + "\n}\n"
    else:
        text = json.dumps(clean) + "\n"
    if len(text) > 200_000:
        msg = f"a table of {len(text)} bytes: at most 200,000 travel along."
        raise ValueError(msg)
    Path(module).with_suffix(".json").write_text(text, "utf-8")
