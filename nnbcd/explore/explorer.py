"""A picture with sliders that needs neither a kernel nor a network.

An :class:`Explorer` writes one piece of HTML: its controls, an empty stage,
a live caption, and the scripts that draw. The same HTML works in a page of
the book opened from disk, in JupyterLab and in Colab. The runtime that is
common to all explorers is ``explorer.js``; it reads the controls, calls the
explorer's own ``view`` and puts what that returns on the page.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import product
from typing import ClassVar

__all__ = ["Choice", "Explorer", "Slider"]

Value = float | str


@dataclass(frozen=True)
class Slider:
    """A number between two bounds, moved in steps.

    Raises
    ------
    ValueError
        If the bounds are not in order or the start lies outside them.
    """

    name: str
    label: str
    minimum: float
    maximum: float
    step: float
    start: float

    def __post_init__(self) -> None:
        if not (self.minimum < self.maximum and self.step > 0):
            msg = f"slider {self.name}: need minimum < maximum and step > 0."
            raise ValueError(msg)
        if not self.minimum <= self.start <= self.maximum:
            msg = (
                f"{self.name} must lie between {self.minimum} and "
                f"{self.maximum}, got {self.start}."
            )
            raise ValueError(msg)

    def positions(self, at_most: int) -> list[Value]:
        """Evenly spread positions on the steps, both ends included."""
        last = round((self.maximum - self.minimum) / self.step)
        count = min(at_most, last + 1)
        chosen = {round(k * last / max(count - 1, 1)) for k in range(count)}
        return [
            round(self.minimum + k * self.step, 10) for k in sorted(chosen)
        ]

    def html(self) -> str:
        """A labelled range input, with its value in words beside it."""
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<input type="range" data-control="{escape(self.name)}" '
            f'min="{self.minimum}" max="{self.maximum}" '
            f'step="{self.step}" value="{self.start}">'
            f"<output>{self.start}</output></label>"
        )


@dataclass(frozen=True)
class Choice:
    """One of several named options.

    Raises
    ------
    ValueError
        If the start is not among the options.
    """

    name: str
    label: str
    options: tuple[str, ...]
    start: str

    def __post_init__(self) -> None:
        if self.start not in self.options:
            known = ", ".join(self.options)
            msg = f"{self.name} must be one of {known}, got {self.start!r}."
            raise ValueError(msg)

    def positions(self, at_most: int) -> list[Value]:
        """The options, all of them: a choice is never thinned out."""
        del at_most
        return list(self.options)

    def html(self) -> str:
        """A labelled drop-down list."""
        options = "".join(
            f"<option{' selected' if o == self.start else ''}>"
            f"{escape(o)}</option>"
            for o in self.options
        )
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<select data-control="{escape(self.name)}">{options}</select>'
            "</label>"
        )


class Explorer(ABC):
    """Base class: say what the controls are and which scripts draw.

    A subclass names its ``scripts`` (files of this folder, run in order
    after ``explorer.js``; the last one defines ``view``) and its ``title``,
    and returns its controls and the data its scripts read.
    """

    title: ClassVar[str]
    legend: ClassVar[str] = ""
    goal: ClassVar[str] = ""
    scripts: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def controls(self) -> tuple[Slider | Choice, ...]:
        """The controls, in reading order."""

    @abstractmethod
    def data(self) -> Mapping[str, object]:
        """What the scripts need to know, as JSON."""

    def grid(self, per_control: int = 5) -> Iterator[dict[str, Value]]:
        """All combinations of a few positions of every control.

        Parameters
        ----------
        per_control : int
            At most this many positions per slider, spread from end to end.

        Yields
        ------
        dict
            Control name to value: for frames drawn beforehand, and for the
            test that the page and the package agree.
        """
        names = [control.name for control in self.controls]
        axes = [control.positions(per_control) for control in self.controls]
        for values in product(*axes):
            yield dict(zip(names, values, strict=True))

    def html(self) -> str:
        """The whole explorer as one self-contained piece of HTML.

        The identifier is a hash of the content, so the same explorer gives
        the same text on every run: notebooks stay comparable.
        """
        body = "".join(
            (
                f'<p class="nnbcd-title">{escape(self.title)}</p>',
                '<div class="nnbcd-controls">',
                *(control.html() for control in self.controls),
                "</div>",
                '<div class="nnbcd-stage"></div>',
                f'<p class="nnbcd-legend">{escape(self.legend)}</p>'
                if self.legend
                else "",
                '<p class="nnbcd-caption" aria-live="polite">',
                "This explorer draws itself with a script. If you read this ",
                "sentence, the script was blocked: in JupyterLab choose ",
                "File, Trust Notebook; in a browser allow scripts.</p>",
                f'<p class="nnbcd-goal"><strong>Goal.</strong> '
                f"{escape(self.goal)} <output></output></p>"
                if self.goal
                else "",
            )
        )
        # "</" would end the script element early.
        data = json.dumps(self.data(), sort_keys=True).replace("</", "<\\/")
        code = "\n".join(_read(f) for f in ("explorer.js", *self.scripts))
        style = _read("explorer.css")
        digest = sha256("\0".join((body, data, code, style)).encode())
        ident = f"nnbcd-{digest.hexdigest()[:12]}"
        return (
            f'<div class="nnbcd-explorer" data-explorer="{ident}" '
            # JupyterLab: keys belong to the sliders, not to the notebook.
            'data-lm-suppress-shortcuts="true" '
            f'role="group" aria-label="{escape(self.title)}">\n'
            f"<style>\n{style}</style>\n{body}\n</div>\n"
            f'<script>\n(function () {{\n"use strict";\n{code}\n'
            f'nnbcdStart("{ident}", view, {data});\n}})();\n</script>\n'
        )

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        pairs = ", ".join(f"{c.name}={c.start!r}" for c in self.controls)
        return f"{type(self).__name__}({pairs})"


def _read(name: str) -> str:
    return files("nnbcd.explore").joinpath(name).read_text("utf-8")
