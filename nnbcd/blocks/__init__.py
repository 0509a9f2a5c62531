"""One closed-form block update a file, named after its letter."""

from nnbcd.blocks import g, u, v, w

__all__ = ["g", "u", "v", "w"]
