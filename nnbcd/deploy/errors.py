"""What the loader says of a file that it does not accept."""

from __future__ import annotations

__all__ = ["LoadError"]


class LoadError(ValueError):
    """A file is no model of nnbcd's, is damaged, or is too new."""
