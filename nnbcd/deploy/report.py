"""What a model stores, computes and takes, layer by layer, beside dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.checks import counts
from nnbcd.deploy.latency import Latency, measure, say
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sample import batch_of, layer_inputs, sample_for
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import TTLinear
from nnbcd.deploy.units import (
    dense_twin,
    flops,
    low_rank,
    units,
    weight_shape,
)
from nnbcd.deploy.writing import Encoded, encode

__all__ = ["Figures", "Report", "report"]


@dataclass(frozen=True)
class Figures:
    """Of one layer, or of the whole model.

    Parameters
    ----------
    name, kind : str
        Path of the layer, and how its weight is stored.
    shape : tuple of int
        Of the dense weight; empty for the whole.
    stored_bytes, dense_bytes : int
        As :func:`nnbcd.metrics.stored_bytes` counts them, and those of a
        dense weight and bias.
    parameters, dense_parameters : int
        Numbers without indices, and those of the dense counterpart.
    flops, dense_flops : int
        Multiplications and additions for one sample, biases left out.
    latency : dict of int to Latency
        Seconds by batch size; empty if not measured.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    stored_bytes: int
    dense_bytes: int
    parameters: int
    dense_parameters: int
    flops: int
    dense_flops: int
    latency: dict[int, Latency]


@dataclass(frozen=True)
class Report:
    """The figures of every layer and of the whole, and where measured.

    Parameters
    ----------
    layers : tuple of Figures
    total : Figures
    machine : str
        The processor, or the GPU the model is on.
    threads : int
        That torch used.
    """

    layers: tuple[Figures, ...]
    total: Figures
    machine: str
    threads: int

    def sentences(self) -> list[str]:
        """What the figures mean, the absence of a speed-up included."""
        total = self.total
        share = total.stored_bytes / total.dense_bytes
        words = [
            f"{total.stored_bytes:,} bytes stored, {share:.1%} of dense; "
            f"{total.flops / total.dense_flops:.1%} of its flops."
        ]
        words += [say(x, batch) for batch, x in total.latency.items()]
        return words

    def to_dict(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return asdict(self) | {"sentences": self.sentences()}


def report(
    model: nn.Module,
    *,
    example: Tensor | None = None,
    batches: Sequence[int] = (1, 256),
    repeats: int = 15,
) -> Report:
    """Measure a model beside the dense one of the same widths.

    Parameters
    ----------
    model : torch.nn.Module
        From :meth:`nnbcd.Result.to_module` or :func:`nnbcd.load`; in
        evaluation mode meanwhile.
    example : Tensor, optional
        One sample or more, ``(N, *input_shape)``. Default: random, if the
        model says its input_shape or begins with a linear layer.
    batches : sequence of int
        Batch sizes whose latency is measured; empty for none.
    repeats : int
        Measurements of each, of which the median is taken.

    Raises
    ------
    ValueError
        If no layer has a weight, or the shape of a sample is not known.
    """
    from nnbcd.experiments.environment import device_name

    parts = list(units(model))
    if not parts:
        msg = "model has no layer with a weight: there is nothing to report."
        raise ValueError(msg)
    sizes = counts("batches", batches)
    x = sample_for(model, parts[0][1]) if example is None else example[:1]
    training = model.training
    model.eval()
    twin = dense_twin(model)
    stored = encode(model, into=Encoded(counted=True))[1].sizes
    inputs = {
        size: layer_inputs(model, parts, x, size) for size in {1, *sizes}
    }
    twins = dict(units(twin))
    layers = tuple(
        _figures(
            path,
            unit,
            twins[path],
            sum(n for k, n in stored.items() if _below(k, path)),
            {size: found[path] for size, found in inputs.items()},
            sizes,
            repeats,
        )
        for path, unit in parts
    )
    rest = _bytes(twin) - sum(layer.dense_bytes for layer in layers)
    others = _count(model) - sum(layer.parameters for layer in layers)
    total = Figures(
        "in all",
        "",
        (),
        sum(stored.values()),
        sum(layer.dense_bytes for layer in layers) + rest,
        sum(layer.parameters for layer in layers) + others,
        sum(layer.dense_parameters for layer in layers) + others,
        sum(layer.flops for layer in layers),
        sum(layer.dense_flops for layer in layers),
        {n: _time(model, twin, batch_of(x, n), repeats) for n in sizes},
    )
    model.train(training)
    device = str(x.device)
    machine = device_name(device)
    return Report(layers, total, machine, torch.get_num_threads())


def _figures(
    path: str,
    unit: nn.Module,
    twin: nn.Module,
    stored: int,
    inputs: dict[int, Tensor],
    batches: Sequence[int],
    repeats: int,
) -> Figures:
    shape = weight_shape(unit)
    bias = sum(p.numel() for n, p in twin.named_parameters() if n == "bias")
    return Figures(
        path or "model",
        _kind(unit),
        shape,
        stored,
        _bytes(twin),
        _count(unit),
        prod(shape) + bias,
        flops(unit, inputs[1]),
        flops(unit, inputs[1], dense=True),
        {n: _time(unit, twin, inputs[n], repeats) for n in batches},
    )


def _kind(unit: nn.Module) -> str:
    """The format and, where there is one, the coding of its places."""
    if isinstance(unit, PatchConv2d):
        return _kind(unit.linear)
    if isinstance(unit, TTLinear):
        return f"tensor train, ranks {unit.ranks[1:-1]}"
    if low_rank(unit):
        first = next(unit.children())
        return f"low rank, {weight_shape(first)[0]}"
    if isinstance(unit, SparseLinear | MaskedLinear):
        description, encoded = encode(unit)
        coding = description["coding"]
        if coding == "columns":
            width = 8 * encoded.tensors["columns"].element_size()
            coding = f"{width}-bit columns"
        multiplied = "csr" if isinstance(unit, SparseLinear) else "masked"
        kept = len(encoded.tensors["values"]) / prod(weight_shape(unit))
        return f"sparse {kept:.1%}, {coding}, {multiplied}"
    return "dense"


def _count(module: nn.Module) -> int:
    """Numbers stored, no indices: of masked layers the kept ones."""
    total = sum(p.numel() for p in module.parameters())
    for part in module.modules():
        if isinstance(part, MaskedLinear):
            total += int(part.mask.sum()) - part.mask.numel()
    return total


def _bytes(module: nn.Module) -> int:
    tensors = module.state_dict().values()
    return sum(t.numel() * t.element_size() for t in tensors)


def _below(key: str, path: str) -> bool:
    return not path or key.startswith(path + ".")


def _time(a: nn.Module, b: nn.Module, x: Tensor, repeats: int) -> Latency:
    seconds, dense = measure([lambda: a(x), lambda: b(x)], repeats)
    return Latency(seconds, dense)
