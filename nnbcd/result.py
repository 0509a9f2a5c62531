"""What a run returns: weights, status, history, certificate."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nnbcd._typing import Float, Tensor
from nnbcd.affine import DenseMap
from nnbcd.certificate import Certificate, certify
from nnbcd.history import History
from nnbcd.inputs import as_features, as_tensor
from nnbcd.labels import codes
from nnbcd.network import Network
from nnbcd.sparsity import effective_masks
from nnbcd.state import State

if TYPE_CHECKING:
    import torch
    from numpy.typing import ArrayLike

    from nnbcd.deploy import CompressedNetwork

__all__ = ["Result", "Status"]


class Status(enum.Enum):
    """How a run ended; the value is the sentence shown to the user."""

    CONVERGED = "Converged: the stopping test was met."
    MAX_SWEEPS = "Stopped after the requested number of sweeps."
    TIME_LIMIT = "Stopped at the time limit."
    STOPPED = "Stopped by a callback."
    INTERRUPTED = "Interrupted; the last complete sweep is kept."
    NONFINITE = (
        "Numbers overflowed: scale X or compute in float64; the last finite "
        "sweep is kept."
    )
    OUT_OF_MEMORY = "Memory ran out; the last complete sweep is kept."
    SINGULAR = (
        "A linear system is singular: raise alpha or scale X; the last good "
        "sweep is kept."
    )

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class Result:
    """A trained network with the record of how it was trained.

    Parameters
    ----------
    network : Network
        What was trained.
    status : Status
        How the run ended.
    state : State
        The last iterate; ``state.weights()`` are the compressed weights.
    history : History
        Records of every block update and sweep.
    seconds : float
        Wall clock of the run.
    classes : Tensor or None
        Labels behind the output columns, for classification.
    names : tuple of str or None
        The words these stand for, where the labels were words.
    """

    network: Network
    status: Status
    state: State = field(repr=False)
    history: History = field(repr=False)
    seconds: float
    classes: Tensor | None = field(default=None, repr=False)
    names: tuple[str, ...] | None = field(default=None, repr=False)

    def decision(self, x: ArrayLike | Tensor) -> Float[Tensor, "n k"]:
        """Outputs of the compressed network, shape (N, K).

        Parameters
        ----------
        x : array_like
            Shape (N, d_0), or (N, channels, height, width).

        Raises
        ------
        ValueError
            If a row has not d_0 entries.
        """
        return forward(self.network, self.state, _rows(x, self))

    # Any: a Tensor, for words an array of NumPy; callers know which.
    def predict(self, x: ArrayLike | Tensor) -> Any:
        """Labels (N,) for a classifier, outputs (N, K) otherwise.

        Labels that were words are words again, in an array of NumPy.

        Parameters
        ----------
        x : array_like
            Shape (N, d_0).
        """
        scores = self.decision(x)
        if self.classes is None:
            return scores
        best = scores.argmax(1)
        if self.names is not None:
            return np.array(self.names)[best.cpu().numpy()]
        return self.classes[best]

    def accuracy(self, x: ArrayLike | Tensor, y: ArrayLike | Tensor) -> float:
        """Share of rows whose predicted label equals y.

        Parameters
        ----------
        x : array_like
            Shape (N, d_0).
        y : array_like
            Labels, shape (N,).

        Raises
        ------
        ValueError
            If the run was a regression, or x and y disagree in length.
        """
        if self.classes is None:
            msg = "accuracy needs a classifier: y was not a vector of labels."
            raise ValueError(msg)
        if self.names is not None:
            y = codes(y, self.names)
        labels = as_tensor("y", y).to(self.classes.device)
        predicted = self.classes[self.decision(x).argmax(1)]
        if labels.shape != predicted.shape:
            msg = (
                f"y has shape {tuple(labels.shape)}, but x has "
                f"{predicted.shape[0]} rows."
            )
            raise ValueError(msg)
        return float((predicted == labels).double().mean())

    def certificate(self) -> Certificate:
        """Monotone? H1, H2, rate: see :mod:`nnbcd.certificate`."""
        return certify(self.history)

    def to_module(
        self,
        *,
        lean: bool = False,
        sparse: str = "auto",
        train: str = "auto",
        dtype: torch.dtype | None = None,
    ) -> CompressedNetwork:
        """The trained network as a torch module.

        It takes rows ``(N, *input_shape)``. Each weight is in the layer
        that fits its structure; see :func:`nnbcd.deploy.to_module` for the
        options.
        """
        from nnbcd import deploy  # which needs this module

        return deploy.to_module(
            self, lean=lean, sparse=sparse, train=train, dtype=dtype
        )

    @property
    def parameters(self) -> int:
        """Stored numbers: non-zeros, cores and biases; no indices."""
        total = sum(b.numel() for b in self.state.b if b is not None)
        for w, g in zip(self.state.w, self.state.g, strict=True):
            if g is None:
                total += w.numel()
            elif g.cores is not None:
                total += g.cores.parameters
            else:
                total += int((g.dense != 0).sum())
        return total

    @property
    def dense_parameters(self) -> int:
        """Numbers of the same network without compression."""
        return self.network.dense_parameters

    @property
    def compression(self) -> float:
        """dense_parameters / parameters."""
        return self.dense_parameters / self.parameters

    @property
    def sparsity(self) -> float:
        """Share of exact zeros among all weights."""
        weights = self.state.weights()
        zeros = sum(int((w == 0).sum()) for w in weights)
        return zeros / sum(w.numel() for w in weights)

    @property
    def effective_sparsity(self) -> float:
        """The same with the weights of dead units counted as zeros.

        Convolutional networks count nominal zeros.
        """
        weights = self.state.weights()
        masks = [w != 0 for w in weights]
        if all(isinstance(m, DenseMap) for m in self.network.maps):
            masks = list(
                effective_masks(masks, self.state.b, self.network.activations)
            )
        alive = sum(int(m.sum()) for m in masks)
        return 1 - alive / sum(m.numel() for m in masks)

    def __repr__(self) -> str:
        phi = self.history.objective[-1]
        return (
            f"Result({self.status.name}, {len(self.history.sweeps)} sweeps "
            f"in {self.seconds:.1f} s, objective {phi:.6g}, "
            f"{self.parameters} of {self.dense_parameters} numbers stored)"
        )


def forward(
    network: Network, state: State, x: Float[Tensor, "n d0"]
) -> Float[Tensor, "n k"]:
    """Forward pass with the compressed weights, shape (N, K)."""
    layers: Sequence[tuple[Tensor, Tensor | None]] = list(
        zip(state.weights(), state.b, strict=True)
    )
    for (w, b), linear, sigma in zip(
        layers, network.maps, network.activations, strict=True
    ):
        x = sigma(linear.forward(x, w, b))
    return x


def _rows(x: ArrayLike | Tensor, result: Result) -> Tensor:
    like, width = result.state.w[0], result.network.maps[0].d_in
    return as_features(
        x, width, dtype=like.dtype, device=like.device, name="x"
    )
