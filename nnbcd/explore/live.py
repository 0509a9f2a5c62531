"""An explorer with a kernel: its controls as widgets.

Written for ipywidgets 7.7 and 8. The picture is an image rather than an
output area, which would flicker and, on some hosts, pile up.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from math import ceil, log10
from typing import Any

import ipywidgets as widgets

from nnbcd.explore.controls import Choice, Slider, Stops
from nnbcd.explore.drawn import DrawnExplorer
from nnbcd.explore.latest import Latest
from nnbcd.explore.picture import Picture

__all__ = ["live"]

_WIDE: dict[str, Any] = {
    "layout": {"width": "30em", "max_width": "98%"},
    "style": {"description_width": "14em"},
}
_STYLE = "<style>.nnbcd-late img, .nnbcd-late p { opacity: 0.45; }</style>"
_IDLE = '<p role="status">\u00a0</p>'  # a line, so that nothing jumps
_BUSY = '<p role="status" aria-busy="true">Computing \u2026</p>'


def live(explorer: DrawnExplorer) -> widgets.VBox:
    """Controls, picture, caption and goal, drawn anew when a value changes.

    Parameters
    ----------
    explorer : GridExplorer
        Its `draw` is called with whatever the widgets say; a slider whose
        bounds and step are not all whole moves ten times finer.

    Returns
    -------
    ipywidgets.VBox
        To be displayed. A drag is drawn when the hand rests (`Latest`), a
        line says that it computes, and an error of `draw` is told there
        too: a kernel would only log it.
    """
    inputs = {c.name: _widget(c) for c in explorer.controls}
    title = widgets.HTML(f"<b>{escape(explorer.title)}</b>{_STYLE}")
    status, image = widgets.HTML(), widgets.HTML()
    caption, goal = widgets.HTML(), widgets.HTML()
    shown = (image, caption, goal)

    def draw() -> None:
        values = {name: widget.value for name, widget in inputs.items()}
        try:
            picture = explorer.draw(**values)
            drawn = _image(picture)
        except Exception as error:  # whatever it is, the reader sees it
            status.value = _failed(error, bool(image.value))
            return
        image.value = drawn
        said = escape(picture.caption)
        caption.value = f'<p aria-live="polite">{said}</p>'
        if explorer.goal:
            state = "Reached." if picture.reached else "Not yet."
            words = escape(explorer.goal)
            goal.value = f"<p><b>Goal.</b> {words} <b>{state}</b></p>"
        for part in shown:
            part.remove_class("nnbcd-late")
        status.value = _IDLE

    latest = Latest(draw)

    def changed(change: object) -> None:
        del change
        status.value = _BUSY
        for part in shown:
            part.add_class("nnbcd-late")
        latest.request()

    draw()
    for widget in inputs.values():
        widget.observe(changed, names="value")
    return widgets.VBox([title, *inputs.values(), status, *shown])


def _image(picture: Picture) -> str:
    """The picture as an element that has words for who cannot see it."""
    buffer = BytesIO()
    picture.figure().savefig(buffer, format="png", dpi=100)
    data = b64encode(buffer.getvalue()).decode()
    words = "; ".join(panel.alt or panel.title for panel in picture.panels)
    return (
        f'<img alt="{escape(words)}" decoding="sync" '
        f'style="max-width: 100%" src="data:image/png;base64,{data}">'
    )


def _failed(error: Exception, something_shown: bool) -> str:
    told = escape(str(error) or type(error).__name__)
    below = " Below is the last one that could." if something_shown else ""
    return (
        '<p role="alert"><b>This setting could not be drawn:</b> '
        f"{told}{below}</p>"
    )


def _widget(control: Slider | Stops | Choice) -> Any:
    common = {"description": control.label, **_WIDE}
    if isinstance(control, Choice):
        return widgets.Dropdown(
            options=list(control.options), value=control.start, **common
        )
    if isinstance(control, Stops):
        options = [(f"{v:g}", v) for v in control.values]
        return widgets.SelectionSlider(
            options=options, value=control.start, **common
        )
    ends = {"min": control.minimum, "max": control.maximum}
    numbers = (control.minimum, control.maximum, control.step)
    if all(isinstance(n, int) for n in numbers):
        return widgets.IntSlider(
            value=control.start, step=control.step, **ends, **common
        )
    fine = control.step / 10
    return widgets.FloatSlider(
        value=control.start,
        step=fine,
        readout_format=f".{max(0, ceil(-log10(fine)))}f",
        **ends,
        **common,
    )
