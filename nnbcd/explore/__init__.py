"""Figures and explorers for the book; nothing in nnbcd imports this.

>>> from nnbcd.explore import prox_explorer
>>> prox_explorer()
ProxExplorer(v=1.0, m=-0.8, c=1.0, activation='ReLU')

An explorer is a box with sliders that needs neither a kernel nor a network.
A new one is a function that draws a `Picture`, see `GridExplorer`:

>>> def draw(slope):
...     line = Line((0, 1), (0, slope), label="y")
...     panel = Panel(marks=(line,), title="A line", y_limits=(0, 3))
...     return Picture((panel,), f"At x = 1, y = {slope}.", slope == 3)
>>> explorer = GridExplorer(
...     title="Lines",
...     goal="Reach the top.",
...     controls=(Slider("slope", "slope of the line", 0, 3, 1, 1),),
...     draw=draw,
... )
>>> explorer
GridExplorer(slope=1)
>>> [picture.caption for setting, picture in explorer.frames][-1]
'At x = 1, y = 3.'
"""

from nnbcd.explore.catalogue import catalogue
from nnbcd.explore.controls import Choice, Slider, Stops
from nnbcd.explore.explorer import Explorer
from nnbcd.explore.grid import GridExplorer, read_table, write_table
from nnbcd.explore.marks import (
    Arrows,
    Bars,
    Box,
    Cells,
    Line,
    Points,
    Rule,
    Words,
)
from nnbcd.explore.picture import Panel, Picture
from nnbcd.explore.prox import ProxExplorer, prox_explorer

__all__ = [
    "Arrows",
    "Bars",
    "Box",
    "Cells",
    "Choice",
    "Explorer",
    "GridExplorer",
    "Line",
    "Panel",
    "Picture",
    "Points",
    "ProxExplorer",
    "Rule",
    "Slider",
    "Stops",
    "Words",
    "catalogue",
    "prox_explorer",
    "read_table",
    "write_table",
]
