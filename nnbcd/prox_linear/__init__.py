"""Prox-linear sweeps: see :class:`nnbcd.couplings.ProxLinear`."""

from nnbcd.prox_linear.row_pass import row_pass

__all__ = ["row_pass"]
