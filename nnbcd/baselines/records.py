"""What a run of Adam returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from nnbcd.baselines.factorised import FactorisedNetwork

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
        Mean cross-entropy of the batches since the last record.
    accuracy : float
        On the validation pair.
    stored : int
        Numbers stored at that time; more than the structure allows while a
        gradual pruning is under way.
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
    """

    model: FactorisedNetwork = field(repr=False)
    records: tuple[AdamRecord, ...] = field(repr=False)
    lr: float

    @property
    def accuracy(self) -> float:
        """Accuracy at the end of the run."""
        return self.records[-1].accuracy

    @property
    def parameters(self) -> int:
        """Numbers stored at the end."""
        return self.model.stored
