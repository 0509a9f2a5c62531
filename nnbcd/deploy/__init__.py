"""Ship a compressed network: modules, files, ONNX, and honest figures.

* :func:`to_module`, also :meth:`nnbcd.Result.to_module`: a plain module of
  torch, each weight in the layer that fits its structure.
* :func:`save` and :func:`load`, also ``nnbcd.save`` and ``nnbcd.load``: one
  file of safetensors, no pickle.
* :func:`export_onnx`: for other run times.
* :func:`report`: bytes, flops and latency beside the dense model.
"""

from nnbcd.deploy.activations import Abs, Piecewise, activation_module
from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.files import load, save
from nnbcd.deploy.latency import Latency, measure
from nnbcd.deploy.layers import Choices, ConvShape, conv_layer, linear_layer
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.model import CompressedNetwork, to_module
from nnbcd.deploy.onnx_export import export_onnx, onnx_difference
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.report import Figures, Report, report
from nnbcd.deploy.sparse_linear import (
    BREAK_EVEN,
    SMALLEST,
    SparseLinear,
    sparse_linear,
)
from nnbcd.deploy.tt_linear import TTLinear
from nnbcd.deploy.units import dense_twin

__all__ = [
    "BREAK_EVEN",
    "SMALLEST",
    "Abs",
    "Choices",
    "CompressedNetwork",
    "ConvShape",
    "Figures",
    "Latency",
    "LoadError",
    "MaskedLinear",
    "PatchConv2d",
    "Piecewise",
    "Report",
    "SparseLinear",
    "TTLinear",
    "activation_module",
    "conv_layer",
    "dense_twin",
    "export_onnx",
    "linear_layer",
    "load",
    "measure",
    "onnx_difference",
    "report",
    "save",
    "sparse_linear",
    "to_module",
]
