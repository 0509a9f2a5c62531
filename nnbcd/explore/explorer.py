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
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import product

from nnbcd.explore.controls import Choice, Slider, Stops, Value

__all__ = ["Explorer"]


class Explorer(ABC):
    """Base class: say what the controls are and which scripts draw.

    A subclass names its ``scripts`` (files of this folder, run in order
    after ``explorer.js``; the last one defines ``view``) and its ``title``,
    and returns its controls and the data its scripts read.
    """

    title: str
    legend: str = ""
    goal: str = ""
    scripts: tuple[str, ...]

    @property
    @abstractmethod
    def controls(self) -> tuple[Slider | Stops | Choice, ...]:
        """The controls, in reading order."""

    @abstractmethod
    def data(self) -> Mapping[str, object]:
        """What the scripts need to know, as JSON."""

    def extras(self) -> str:
        """HTML between the controls and the stage; none here."""
        return ""

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
                self.extras(),
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
        text = json.dumps(self.data(), sort_keys=True, separators=(",", ":"))
        data = text.replace("</", "<\\/")
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
