"""An explorer with a kernel: its controls as widgets.

Written for ipywidgets 7.7 and 8. The picture is an image rather than an
output area, which would flicker and, on some hosts, pile up.
"""

from __future__ import annotations

from html import escape
from io import BytesIO
from typing import Any

import ipywidgets as widgets

from nnbcd.explore.controls import Choice, Slider, Stops
from nnbcd.explore.grid import GridExplorer

__all__ = ["live"]

_WIDE: dict[str, Any] = {
    "layout": {"width": "30em"},
    "style": {"description_width": "14em"},
}


def live(explorer: GridExplorer) -> widgets.VBox:
    """Controls, picture, caption and goal, drawn anew on every change.

    Parameters
    ----------
    explorer : GridExplorer
        Its `draw` is called with whatever the widgets say; a slider whose
        bounds and step are not all whole moves ten times finer.

    Returns
    -------
    ipywidgets.VBox
        To be displayed.
    """
    inputs = {c.name: _widget(c) for c in explorer.controls}
    image = widgets.Image(format="png")
    caption, goal = widgets.HTML(), widgets.HTML()

    def refresh(change: object = None) -> None:
        del change
        picture = explorer.draw(**{k: w.value for k, w in inputs.items()})
        buffer = BytesIO()
        picture.figure().savefig(buffer, format="png", dpi=100)
        image.value = buffer.getvalue()
        said = escape(picture.caption)
        caption.value = f'<p aria-live="polite">{said}</p>'
        if explorer.goal:
            state = "Reached." if picture.reached else "Not yet."
            words = escape(explorer.goal)
            goal.value = f"<b>Goal.</b> {words} <b>{state}</b>"

    for widget in inputs.values():
        widget.observe(refresh, names="value")
    refresh()
    title = widgets.HTML(f"<b>{escape(explorer.title)}</b>")
    return widgets.VBox([title, *inputs.values(), image, caption, goal])


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
    return widgets.FloatSlider(
        value=control.start, step=control.step / 10, **ends, **common
    )
