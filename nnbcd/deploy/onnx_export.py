"""Export to ONNX: compressed in the file, any number of rows.

ONNX has no product with a sparse matrix. A sparse weight is written as its
non-zeros and their places, and put together when it is used; a train as its
cores, contracted or rebuilt as :class:`nnbcd.deploy.TTLinear` says for a
graph with an open number of rows, and rebuilt in a convolution. So the file
is as small as the layers are, and the run time is that of dense products.
"""

from __future__ import annotations

import copy
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Tensor
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import TTLinear

__all__ = ["export_onnx", "onnx_difference"]


def export_onnx(module: nn.Module, path: str | Path, example: Tensor) -> None:
    """Write the module as an ONNX file, in evaluation mode.

    Needs the extra ``onnx``: ``pip install 'nnbcd[onnx]'``, and torch 2.6
    or newer.

    Parameters
    ----------
    module : torch.nn.Module
        From :meth:`nnbcd.Result.to_module` or :func:`nnbcd.load`; left as
        it is.
    path : str or Path
        Replaced if it exists, once the new file is whole.
    example : Tensor
        Rows as the module takes them, ``(N, *input_shape)``; the file takes
        any number of them.

    Raises
    ------
    ImportError
        If what ONNX needs is not installed.
    ValueError
        If example has no rows.
    """
    _require("onnx", "onnxscript")
    if example.ndim < 1 or not example.shape[0]:
        msg = "example must have at least one row: give a batch of inputs."
        raise ValueError(msg)
    # One row may be taken for a fixed number of them.
    rows = torch.cat([example, example])[:2]
    model = _portable(copy.deepcopy(module).eval())
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        with (
            warnings.catch_warnings(),
            torch.no_grad(),
            _quiet("torch.onnx"),
        ):
            warnings.simplefilter("ignore")  # of torch about itself
            torch.onnx.export(
                model,
                (rows,),
                part,
                dynamo=True,
                input_names=["x"],
                output_names=["y"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                external_data=False,
                optimize=False,  # folding would write the dense weights
                verbose=False,
            )
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def onnx_difference(
    module: nn.Module, path: str | Path, example: Tensor
) -> float:
    """Largest difference of the file's outputs to the module's.

    The file is run by onnxruntime on one thread.

    Parameters
    ----------
    module : torch.nn.Module
        What was exported.
    path : str or Path
        The file.
    example : Tensor
        Rows, ``(N, *input_shape)``.
    """
    _require("onnxruntime")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    rows = {"x": example.detach().cpu().numpy()}
    (found,) = session.run(None, rows)
    was_training = module.training
    with torch.no_grad():
        wanted = module.eval()(example).cpu()
    module.train(was_training)
    gap = torch.from_numpy(found).double() - wanted.double()
    return float(gap.abs().max())


class _Scattered(nn.Module):
    """A sparse weight as ONNX can hold it: values and flat places."""

    place: Tensor

    def __init__(self, layer: SparseLinear) -> None:
        super().__init__()
        self.shape = (layer.out_features, layer.in_features)
        self.in_features, self.out_features = self.shape[1], self.shape[0]
        counts = layer.starts[1:] - layer.starts[:-1]
        lines = torch.arange(len(counts), device=counts.device)
        rows = torch.repeat_interleave(lines, counts)
        self.register_buffer(
            "place", rows * layer.in_features + layer.columns
        )
        self.values, self.bias = layer.values, layer.bias

    def weight(self) -> Tensor:
        size, like = self.shape[0] * self.shape[1], self.values
        flat = torch.zeros(size, dtype=like.dtype, device=like.device)
        return flat.scatter(0, self.place, self.values).reshape(self.shape)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight(), self.bias)


class _Convolution(nn.Module):
    """A convolution with the kernel of a PatchConv2d, put together."""

    def __init__(self, layer: PatchConv2d) -> None:
        super().__init__()
        self.inner = layer

    def forward(self, x: Tensor) -> Tensor:
        inner = self.inner
        return functional.conv2d(
            x,
            inner.weight(),
            inner.linear.bias,
            inner.stride,
            inner.padding,
            inner.dilation,
        )


def _portable(module: nn.Module) -> nn.Module:
    """The module, changed: every part one that ONNX can express."""
    if isinstance(module, SparseLinear):
        return _Scattered(module)
    for name, part in module._modules.items():
        if part is not None:
            module._modules[name] = _portable(part)
    if isinstance(module, PatchConv2d):
        if isinstance(module.linear, TTLinear):
            module.linear.product = "rebuild"
        return _Convolution(module)
    return module


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Only errors of a logger; torch counts its missing neighbours."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _require(*names: str) -> None:
    from importlib.util import find_spec

    missing = [name for name in names if find_spec(name) is None]
    if missing:
        msg = (
            f"ONNX needs {' and '.join(missing)}: pip install 'nnbcd[onnx]'."
        )
        raise ImportError(msg)
