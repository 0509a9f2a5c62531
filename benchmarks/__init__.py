"""Measurements of nnbcd: targets, speed, and a comparison with Adam."""
