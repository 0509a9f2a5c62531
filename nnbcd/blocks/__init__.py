"""One closed-form block update a file, named after its letter."""

from nnbcd.blocks import g, u, v, w, w_set

__all__ = ["g", "u", "v", "w", "w_set"]
