"""Ship a compressed network: modules, files, ONNX, and honest figures.

* :func:`to_module`, also :meth:`nnbcd.Result.to_module`: a plain module of
  torch, each weight in the layer that fits its structure.
* :func:`save` and :func:`load`, also ``nnbcd.save`` and ``nnbcd.load``: one
  file of safetensors, no pickle.
* :func:`export_onnx`: for other run times.
"""

from nnbcd.deploy.activations import Abs, Piecewise, activation_module
from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.files import load, save
from nnbcd.deploy.layers import Choices, ConvShape, conv_layer, linear_layer
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.model import CompressedNetwork, to_module
from nnbcd.deploy.onnx_export import export_onnx, onnx_difference
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import (
    BREAK_EVEN,
    SparseLinear,
    sparse_linear,
)
from nnbcd.deploy.tt_linear import TTLinear

__all__ = [
    "BREAK_EVEN",
    "Abs",
    "Choices",
    "CompressedNetwork",
    "ConvShape",
    "LoadError",
    "MaskedLinear",
    "PatchConv2d",
    "Piecewise",
    "SparseLinear",
    "TTLinear",
    "activation_module",
    "conv_layer",
    "export_onnx",
    "linear_layer",
    "load",
    "onnx_difference",
    "save",
    "sparse_linear",
    "to_module",
]
