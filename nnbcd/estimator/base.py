"""What the two estimators share."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
)
from torch import nn

from nnbcd.activations import get_activation
from nnbcd.checks import counts
from nnbcd.couplings import Consistent
from nnbcd.estimator.rows import Array
from nnbcd.estimator.weighted import weigh
from nnbcd.history import History
from nnbcd.inputs import UnscaledFeaturesWarning
from nnbcd.losses import Loss
from nnbcd.network import Dense, Network
from nnbcd.solver import Solver
from nnbcd.structures import Free, Structure

if TYPE_CHECKING:
    from nnbcd.result import Result

__all__ = ["Base", "moments", "validated"]


def validated(estimator: Any, **arguments: Any) -> Any:
    """``validate_data`` of scikit-learn, in every version since 1.3."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before 1.6 it was a method
        return estimator._validate_data(**arguments)
    return validate_data(estimator, **arguments)


class Base(BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Parameters, the run, and the module; see the two estimators."""

    hidden: Any
    structure: Structure | None
    ratio: float | None
    activation: str
    coupling: str
    sweeps: int
    standardise: bool
    warm_start: bool
    random_state: Any

    def _weights(self, sample_weight: Any, x: Array) -> Array | None:
        if sample_weight is None:
            return None
        weights: Array = _check_sample_weight(
            sample_weight, x, dtype=np.float64
        )
        if (weights < 0).any():
            msg = "sample_weight must not be negative."
            raise ValueError(msg)
        if not (weights > 0).any():
            msg = "sample_weight must be positive for one sample at least."
            raise ValueError(msg)
        return weights

    def _run(
        self,
        x: Array,
        y: Array,
        weights: Array | None,
        *,
        loss: Loss,
        outputs: int,
    ) -> None:
        """Fit on canonical rows; y holds codes or scaled targets."""
        self._centre, self._scale = moments(x, weights, self.standardise)
        solver = Solver(
            coupling=self.coupling,
            sweeps=self.sweeps,
            loss=loss,
            schedule=None,
        )
        network = self._network(x.shape[1], outputs)
        with warnings.catch_warnings():
            if self.standardise:  # advice that was followed already
                warnings.simplefilter("ignore", UnscaledFeaturesWarning)
            problem = solver.problem(network, self._scaled(x), y)
        if weights is not None:
            if not isinstance(solver.method, Consistent):
                msg = (
                    "sample_weight: weights that are not whole numbers need "
                    "coupling='consistent'."
                )
                raise ValueError(msg)
            rows = torch.from_numpy(weights)
            weighted, targets = weigh(loss, problem.y, rows)
            problem = replace(problem, loss=weighted, y=targets)
        random = check_random_state(self.random_state)
        seed = int(random.randint(2**31 - 1))
        start = None
        if self.warm_start and hasattr(self, "result_"):
            start = replace(self.result_, classes=None)
        self.result_: Result = solver.run(
            problem, solver.init(problem, seed, start)
        )
        self.history_: History = self.result_.history
        self.n_iter_ = len(self.history_.sweeps)
        self.loss_ = self.history_.objective[-1]

    def _network(self, inputs: int, outputs: int) -> Network:
        sizes = self.hidden
        if isinstance(sizes, int | np.integer):
            sizes = (sizes,)
        widths = counts("hidden", sizes)
        structure = Free() if self.structure is None else self.structure
        sigma = get_activation(self.activation)
        layers = [Dense(n, sigma, structure) for n in widths]
        network = Network(inputs, [*layers, Dense(outputs)])
        return network if self.ratio is None else network.at_ratio(self.ratio)

    def _scaled(self, x: Array) -> Array:
        scaled: Array = (x - self._centre) / self._scale
        return scaled

    def _outputs(self, x: Any) -> Array:
        """Outputs of the network, shape (N, K)."""
        check_is_fitted(self)
        rows = validated(self, X=x, reset=False, dtype=np.float64)
        out: Array = self.result_.decision(self._scaled(rows)).numpy()
        return out

    def to_module(self, **options: Any) -> nn.Module:
        """The fitted network as a module of torch, scaling included.

        Takes rows (N, d); float64 unless ``dtype`` says otherwise. The
        scaling of X is its first part, a BatchNorm1d without momentum: keep
        it in evaluation mode.

        Parameters
        ----------
        **options
            Of :func:`nnbcd.deploy.to_module`.
        """
        check_is_fitted(self)
        network = self.result_.to_module(**options)
        like = next(network.parameters())
        scaling = nn.BatchNorm1d(len(self._centre), 0.0, 0.0, affine=False)
        scaling.running_mean = torch.tensor(self._centre).to(like)
        scaling.running_var = torch.tensor(self._scale**2).to(like)
        return nn.Sequential(scaling, network, *self._ending(like)).eval()

    def _ending(self, like: torch.Tensor) -> list[nn.Module]:
        """What follows the network."""
        return []


def moments(
    x: Array, weights: Array | None, wanted: bool
) -> tuple[Array, Array]:
    """Mean and deviation of the columns, (d,); of constant ones 1.

    scikit-learn's scaler decides which columns are constant to rounding.

    Parameters
    ----------
    x : ndarray
        Shape (N, d).
    weights : ndarray or None
        Shape (N,).
    wanted : bool
        False gives 0 and 1.
    """
    if not wanted:
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    scaler = StandardScaler().fit(x, sample_weight=weights)
    return scaler.mean_, scaler.scale_
