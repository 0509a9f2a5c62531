"""The commands of ``python -m nnbcd``, one a file."""
