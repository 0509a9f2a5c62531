"""Every test of this folder may count what it survived."""

from fault_tally import how_many, tally

__all__ = ["how_many", "tally"]
