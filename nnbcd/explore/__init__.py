"""Figures and explorers for the book; nothing in nnbcd imports this.

>>> from nnbcd.explore import prox_explorer
>>> prox_explorer()
ProxExplorer(v=1.0, m=-0.8, c=1.0, activation='ReLU')
"""

from nnbcd.explore.explorer import Choice, Explorer, Slider
from nnbcd.explore.prox import ProxExplorer, prox_explorer

__all__ = ["Choice", "Explorer", "ProxExplorer", "Slider", "prox_explorer"]
