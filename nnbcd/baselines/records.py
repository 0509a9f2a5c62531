"""What a run of Adam returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.affine import DenseMap
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.inputs import as_features
from nnbcd.sparsity import effective_masks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["AdamRecord", "AdamResult"]


@dataclass(frozen=True)
class AdamRecord:
    """The state of a run at one evaluation.

    Parameters
    ----------
    step : int
        Optimiser steps made.
    seconds : float
        Training time so far, evaluations not counted.
    loss : float
        Mean cross-entropy of the batches since the last record; right after
        a cut that no step followed, of all rows.
    accuracy : float
        On the validation pair.
    stored : int
        Numbers stored at that time; more than the structure allows before
        and during a pruning.
    """

    step: int
    seconds: float
    loss: float
    accuracy: float
    stored: int


@dataclass(frozen=True, eq=False)
class AdamResult:
    """A trained model and its records.

    Parameters
    ----------
    model : FactorisedNetwork
        Maps (N, d_0) to logits (N, K).
    records : tuple of AdamRecord
        One an evaluation.
    lr : float
        The learning rate.
    classes : Tensor
        The label of each output, shape (K,).
    """

    model: FactorisedNetwork = field(repr=False)
    records: tuple[AdamRecord, ...] = field(repr=False)
    lr: float
    classes: Tensor = field(repr=False)

    @property
    def accuracy(self) -> float:
        """Accuracy at the end of the run, on the validation pair."""
        return self.records[-1].accuracy

    @property
    def seconds(self) -> float:
        """Training time, evaluations not counted."""
        return self.records[-1].seconds

    @property
    def parameters(self) -> int:
        """Numbers stored at the end."""
        return self.model.stored

    @property
    def dense_parameters(self) -> int:
        """Numbers of the same network without compression."""
        return self.model.network.dense_parameters

    @property
    def effective_sparsity(self) -> float:
        """As of :class:`nnbcd.Result`: weights of dead units are zeros.

        Convolutional networks count nominal zeros.
        """
        network = self.model.network
        with torch.no_grad():
            masks = [w != 0 for w in self.model.dense()]
            biases = [b if b.numel() else None for b in self.model.biases]
            if all(isinstance(m, DenseMap) for m in network.maps):
                masks = list(
                    effective_masks(masks, biases, network.activations)
                )
        alive = sum(int(m.sum()) for m in masks)
        return 1 - alive / sum(m.numel() for m in masks)

    def decision(self, x: ArrayLike | Tensor) -> Float[Tensor, "n k"]:
        """Logits, shape (N, K).

        Parameters
        ----------
        x : array_like
            Shape (N, d_0), or (N, channels, height, width).
        """
        like = next(self.model.parameters())
        width = self.model.network.maps[0].d_in
        rows = as_features(
            x, width, dtype=like.dtype, device=str(like.device)
        )
        with torch.no_grad():
            parts = [self.model(part) for part in torch.split(rows, 2000)]
        return torch.cat(parts)

    def predict(self, x: ArrayLike | Tensor) -> Tensor:
        """Labels, shape (N,).

        Parameters
        ----------
        x : array_like
            Shape (N, d_0), or (N, channels, height, width).
        """
        return self.classes[self.decision(x).argmax(1)]
