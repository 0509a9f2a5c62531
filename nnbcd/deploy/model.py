"""The module a trained network becomes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.affine import ConvMap
from nnbcd.deploy.activations import activation_module
from nnbcd.deploy.layers import Choices, ConvShape, conv_layer, linear_layer
from nnbcd.deploy.lean import Part
from nnbcd.deploy.lean import lean as take_out
from nnbcd.result import Result
from nnbcd.structures import StructuredMatrix

__all__ = ["CompressedNetwork", "assemble", "to_module"]


class CompressedNetwork(nn.Sequential):
    """Layers and activations in order; knows its labels.

    Parameters
    ----------
    parts : dict of str to Module
        From the input to the output.
    classes : Tensor, optional
        Integer labels behind the outputs, shape (K,), for a classifier.
    input_shape : sequence of int, optional
        Of one sample.
    """

    classes: Tensor | None

    def __init__(
        self,
        parts: Mapping[str, nn.Module],
        *,
        classes: Tensor | None = None,
        input_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__(OrderedDict(parts))
        self.input_shape = None if input_shape is None else (*input_shape,)
        self.register_buffer("classes", classes)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Labels (N,) of a classifier, outputs (N, K) otherwise.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, *input_shape)``.
        """
        scores: Tensor = self(x)
        if self.classes is None:
            return scores
        return self.classes[scores.argmax(1)]


def to_module(
    result: Result,
    *,
    lean: bool = False,
    sparse: str = "auto",
    train: str = "auto",
    dtype: torch.dtype | None = None,
) -> CompressedNetwork:
    """The trained network as a module of torch, on the device it is on.

    Nothing is shared with the result: training the module leaves it alone.
    The module takes rows ``(N, *input_shape)``.

    Parameters
    ----------
    result : Result
        Of :meth:`nnbcd.Solver.fit`.
    lean : bool
        Whether dead units are folded away and taken out. The outputs stay
        the same up to rounding; widths shrink.
    sparse, train : str
        How sparse weights and tensor trains multiply, see
        :class:`nnbcd.deploy.Choices`.
    dtype : torch.dtype, optional
        Default: that of the run.

    Examples
    --------
    >>> from nnbcd import Dense, Network, Solver, Sparse
    >>> x, y = torch.eye(8), torch.arange(8) % 2
    >>> net = Network(8, [Dense(16, structure=Sparse(0.9)), Dense(2)])
    >>> result = Solver(sweeps=5).fit(net, x, y)
    >>> model = to_module(result)
    >>> bool((model.predict(x.double()) == result.predict(x)).all())
    True
    """
    choices = Choices(sparse, train)
    state, network = result.state, result.network
    parts = [
        Part(
            linear,
            structure,
            StructuredMatrix(w) if g is None else g,
            bias,
            sigma,
        )
        for linear, structure, w, g, bias, sigma in zip(
            network.maps,
            network.structures,
            state.w,
            state.g,
            state.b,
            network.activations,
            strict=True,
        )
    ]
    if lean:
        parts = take_out(parts)
    model = assemble(parts, network.input_shape, result.classes, choices)
    return model if dtype is None else model.to(dtype)


def assemble(
    parts: Sequence[Part],
    input_shape: Sequence[int],
    classes: Tensor | None,
    choices: Choices | None = None,
) -> CompressedNetwork:
    """The module of a chain of layers; numbers are copied.

    Parameters
    ----------
    parts : sequence of Part
        From the input to the output.
    input_shape : sequence of int
        Of one sample.
    classes : Tensor or None
        Labels behind the outputs, shape (K,).
    choices : Choices, optional
        How compressed weights multiply.
    """
    modules: dict[str, nn.Module] = {}
    shaped = len(input_shape) == 3
    for i, part in enumerate(parts, 1):
        linear = part.linear
        weight = part.member, part.bias, part.structure
        if isinstance(linear, ConvMap):
            shape = ConvShape(
                linear.in_shape[0],
                linear.kernel,
                linear.stride,
                linear.padding,
            )
            modules[f"conv{i}"] = conv_layer(*weight, shape, choices)
        else:
            if shaped or (i == 1 and len(input_shape) != 1):
                modules["flatten"] = nn.Flatten()
            shaped = False
            modules[f"linear{i}"] = linear_layer(*weight, choices)
        if i < len(parts):
            modules[f"activation{i}"] = activation_module(part.sigma)
    labels = None if classes is None else classes.clone()
    return CompressedNetwork(modules, classes=labels, input_shape=input_shape)
