"""What compressing a module gave, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from nnbcd.deploy.writing import stored_bytes
from nnbcd.pretrained.passes import output_error
from nnbcd.pretrained.plan import Plan
from nnbcd.pretrained.rows import matrix_shape
from nnbcd.structures import (
    LowRank,
    Sparse,
    Structure,
    StructuredMatrix,
    TensorTrain,
)

__all__ = ["Compressed", "CompressedLayer", "account"]


@dataclass(frozen=True)
class CompressedLayer:
    """One layer that was replaced.

    Parameters
    ----------
    name : str
        Dotted, within the module.
    shape : (int, int)
        Of the weight as a matrix, (d_out, d_in).
    structure : Structure
        The set its new weight lies in; Free: dense, fitted again.
    parameters, dense_parameters : int
        Numbers stored now and before, with the bias.
    bytes, dense_bytes : int
        What a file of :func:`nnbcd.save` stores of it now and before.
    error : float
        Of the layer's outputs on the calibration batches, given the inputs
        it was fitted on: the root of the summed squared difference from the
        original outputs, over that of the original outputs from their
        mean. One is what a constant would do.
    plain_error : float
        The same for the nearest weight of this set, without a fit:
        truncated SVD, TT-SVD or the largest entries, the bias as it was.
    """

    name: str
    shape: tuple[int, int]
    structure: Structure
    parameters: int
    dense_parameters: int
    bytes: int
    dense_bytes: int
    error: float
    plain_error: float


@dataclass(frozen=True, eq=False)
class Compressed:
    """A compressed module and the account of it; print it for a table.

    Parameters
    ----------
    module : torch.nn.Module
        A copy with layers replaced, in the modes the original has.
    layers : tuple of CompressedLayer
        In the order they are called in.
    left : dict of str to str
        Parts with a matrix that stayed as they were, and why.
    parameters, dense_parameters : int
        Numbers of the whole module now and before.
    bytes, dense_bytes : int
        :func:`nnbcd.metrics.stored_bytes` of it now and before: places of
        non-zeros and buffers count.
    error : float
        Of the outputs of the whole module on the calibration batches,
        relative as that of a layer.
    seconds : float
        Wall clock.
    """

    module: nn.Module = field(repr=False)
    layers: tuple[CompressedLayer, ...] = field(repr=False)
    left: Mapping[str, str] = field(repr=False)
    parameters: int
    dense_parameters: int
    bytes: int
    dense_bytes: int
    error: float
    seconds: float

    @property
    def ratio(self) -> float:
        """Stored over dense numbers of the whole module."""
        return self.parameters / self.dense_parameters

    def __str__(self) -> str:
        head = ("layer", "weight", "now", "numbers", "before")
        rows = [(*head, "error", "plain")]
        for x in self.layers:
            rows.append(
                (
                    x.name or "(module)",
                    f"{x.shape[0]} x {x.shape[1]}",
                    _named(x.structure),
                    f"{x.parameters:,}",
                    f"{x.dense_parameters:,}",
                    f"{x.error:.3f}",
                    f"{x.plain_error:.3f}",
                )
            )
        width = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) if k < 3 else cell.rjust(w)
                for k, (cell, w) in enumerate(zip(row, width, strict=True))
            ).rstrip()
            for row in rows
        ]
        lines += [f"{name}: left, {why}" for name, why in self.left.items()]
        lines.append(
            f"{self.parameters:,} of {self.dense_parameters:,} numbers "
            f"({self.ratio:.1%}), {self.bytes:,} of {self.dense_bytes:,} "
            f"bytes; error of the outputs {self.error:.3f}"
        )
        return "\n".join(lines)


def account(plan: Plan, seconds: float) -> Compressed:
    """The report of a plan that was run, and its module.

    Parameters
    ----------
    plan : Plan
        Weights of shape (d_out, d_in).
    seconds : float
        Wall clock.
    """
    layers = []
    for name in (n for group in plan.groups for n in group):
        if name not in plan.fitted:
            continue
        fitted, layer = plan.fitted[name], plan.layers[name]
        bias = 0 if layer.bias is None else layer.bias.numel()
        layers.append(
            CompressedLayer(
                name,
                matrix_shape(layer),
                fitted.structure,
                _stored(fitted.member) + bias,
                layer.weight.numel() + bias,
                stored_bytes(plan.current.get_submodule(name)),
                stored_bytes(layer),
                fitted.error,
                fitted.plain_error,
            )
        )
    error = output_error(plan.original, plan.current, plan.batches)
    numbers = sum(p.numel() for p in plan.original.parameters())
    size = stored_bytes(plan.original)
    saved = sum(x.dense_parameters - x.parameters for x in layers)
    module = plan.finish()
    return Compressed(
        module,
        tuple(layers),
        dict(plan.left),
        numbers - saved,
        numbers,
        stored_bytes(module),
        size,
        error,
        seconds,
    )


def _stored(member: StructuredMatrix) -> int:
    if member.cores is not None:
        return member.cores.parameters
    if member.mask is not None:
        return int(member.mask.sum())
    return member.dense.numel()


def _named(structure: Structure) -> str:
    if isinstance(structure, LowRank):
        return f"rank {structure.rank}"
    if isinstance(structure, TensorTrain):
        return f"train, rank {structure.rank}"
    if isinstance(structure, Sparse):
        return f"{structure.sparsity:.1%} zeros"
    return "dense"
