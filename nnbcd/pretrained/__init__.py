"""Start from a pretrained model: compress a torch module that is there.

:func:`compress`, also ``nnbcd.compress``, replaces the Linear and Conv2d
layers of any torch module by smaller ones, fitted to what the original
layers put out on some batches of data.
"""

from nnbcd.pretrained.attention import Attention
from nnbcd.pretrained.calibration import Calibration
from nnbcd.pretrained.compress import compress
from nnbcd.pretrained.report import Compressed, CompressedLayer

__all__ = [
    "Attention",
    "Calibration",
    "Compressed",
    "CompressedLayer",
    "compress",
]
