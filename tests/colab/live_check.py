"""Move every live explorer, as a front end would: run in a notebook cell."""

from __future__ import annotations

import asyncio
import re
from html import unescape

from nnbcd.explore import catalogue
from nnbcd.explore.drawn import DrawnExplorer


def plain(widget) -> str:
    return unescape(re.sub("<[^>]*>", "", widget.value)).strip()


def drag(widget) -> None:
    """A dozen messages, one after the other, without a pause."""
    if hasattr(widget, "options"):
        moves = [{"index": k} for k in range(len(widget.options))]
    else:
        span = widget.max - widget.min
        moves = [{"value": widget.min + span * k // 9} for k in range(9)]
    for move in moves:
        widget.set_state(move)


async def check() -> None:
    """Caption and goal are those of `draw`, once the widget has settled."""
    moved = 0
    for name, make in catalogue().items():
        explorer = make()
        if not isinstance(explorer, DrawnExplorer):
            continue
        _, *inputs, status, image, caption, goal = explorer.live().children
        for widget in inputs:
            drag(widget)
            assert "Computing" in plain(status), (name, status.value)
            for _ in range(200):
                await asyncio.sleep(0.05)
                if not plain(status):
                    break
            values = {
                control.name: each.value
                for control, each in zip(
                    explorer.controls, inputs, strict=True
                )
            }
            said = explorer.draw(**values)
            assert plain(status) == "", (name, values, status.value)
            assert plain(caption) == said.caption, (name, values)
            reached = "Reached." if said.reached else "Not yet."
            assert plain(goal).endswith(reached), (name, values)
            assert image.value.startswith("<img alt="), name
            moved += 1
    assert moved > 20
