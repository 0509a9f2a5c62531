"""The published procedure, transcribed plainly: no care for speed.

What a first implementation of Li et al., arXiv:2303.06815, looks like: an
explicit inverse for every solve, affine images computed wherever they appear
in a formula, a full SVD in NumPy for every bond of a tensor train, nothing
kept from one sweep to the next. The iterates are those of :class:`Solver`
with the penalty coupling and ``g_step="svd"``; a test compares them.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd._typing import Float, Tensor
from nnbcd.activations import ReLU
from nnbcd.affine import DenseMap
from nnbcd.couplings import Penalty
from nnbcd.losses import Squared
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix, TensorTrain

Array = NDArray[np.floating[Any]]

__all__ = ["PlainProcedure", "tt_svd"]


class PlainProcedure:
    """Sweeps of the published procedure on one problem.

    Parameters
    ----------
    problem : Problem
        Penalty coupling, squared loss, ReLU, no bias; free layers and
        tensor trains; a convolution in the first layer only. X has shape
        (N, d_0).

    Raises
    ------
    ValueError
        If the problem asks for anything else.

    Notes
    -----
    The case-by-case map of ReLU is that of Zeng, Lau, Lin and Yao (2019).
    The patches of a first convolution are laid out once.
    """

    def __init__(self, problem: Problem) -> None:
        _refuse_what_is_not_published(problem)
        self.problem = problem
        self.patches = problem.maps[0].rows(problem.x)

    def step(self, state: State) -> tuple[State, float]:
        """One sweep: V, U, W, G from the last layer to the first.

        Parameters
        ----------
        state : State
            U_i and V_i of shape (N, d_i), W_i and G_i of shape
            (d_i, d_{i-1}); it is not changed.

        Returns
        -------
        State
            After the sweep; of a train, the dense form only.
        float
            The lifted objective after the sweep.
        """
        state = replace(state, affine=(None,) * self.problem.depth)
        for i in reversed(range(self.problem.depth)):
            state = state.put(i, v=self._v(state, i))
            state = state.put(i, u=self._u(state, i))
            state = state.put(i, w=self._w(state, i))
            if state.g[i] is not None:
                state = state.put(i, g=self._g(state, i))
        return state, self.objective(state)

    def _v(self, state: State, i: int) -> Float[Tensor, "n d"]:
        """[gamma sigma(U) + rho U' W'] (gamma I + rho W'^T W')^-1."""
        here = self.problem.layers[i]
        if i == self.problem.depth - 1:
            total = self.problem.y + here.gamma * state.u[i]
            total = total + here.alpha * state.v[i]
            return total / (1 + here.gamma + here.alpha)
        rho, w = self.problem.layers[i + 1].rho, state.w[i + 1]
        eye = torch.eye(w.shape[1], dtype=w.dtype, device=w.device)
        right = here.gamma * torch.relu(state.u[i]) + rho * (
            state.u[i + 1] @ w
        )
        inverse = torch.linalg.inv(here.gamma * eye + rho * (w.T @ w))
        return right.matmul(inverse)

    def _u(self, state: State, i: int) -> Float[Tensor, "n d"]:
        """The published map of ReLU, case by case."""
        here, v = self.problem.layers[i], state.v[i]
        b = self._affine(state, i)
        if i == self.problem.depth - 1:
            return (here.gamma * v + here.rho * b) / (here.gamma + here.rho)
        total = here.rho + here.alpha
        m = (here.rho * b + here.alpha * state.u[i]) / total
        c = total / here.gamma
        active = v + c * m >= 0
        near = v * (c - sqrt(c * (c + 1))) <= c * m
        u = torch.where(active, torch.zeros_like(m), m.clamp(max=0))
        u = torch.where(active & (m >= 0), (v + c * m) / (1 + c), u)
        u = torch.where(active & (m < 0) & near, (v + c * m) / (1 + c), u)
        return torch.where(active & (m < 0) & ~near, m, u)

    def _w(self, state: State, i: int) -> Float[Tensor, "q p"]:
        """[rho U^T V + alpha W + tau G] (rho V^T V + shift I)^-1."""
        here, g = self.problem.layers[i], state.g[i]
        v = self._regressors(state, i)
        u = self.problem.maps[i].outputs(state.u[i])
        right = here.rho * (u.T @ v) + here.alpha * state.w[i]
        shift = here.alpha
        if g is not None:
            right = right + here.tau * g.dense
            shift = shift + here.tau
        eye = torch.eye(v.shape[1], dtype=v.dtype, device=v.device)
        inverse = torch.linalg.inv(here.rho * (v.T @ v) + shift * eye)
        return right.matmul(inverse)

    def _g(self, state: State, i: int) -> StructuredMatrix:
        """TT-SVD of W, on the host, and the dense matrix again."""
        structure, w = self.problem.network.structures[i], state.w[i]
        assert isinstance(structure, TensorTrain)
        shape = structure.tensor_shape((w.shape[0], w.shape[1]))
        cores = tt_svd(w.cpu().numpy().reshape(shape), structure.rank)
        full = cores[0]
        for core in cores[1:]:
            full = np.tensordot(full, core, axes=1)
        dense = torch.from_numpy(full.reshape(w.shape)).to(w)
        return StructuredMatrix(dense)

    def _regressors(self, state: State, i: int) -> Float[Tensor, "m p"]:
        return self.patches if i == 0 else state.v[i - 1]

    def _affine(self, state: State, i: int) -> Float[Tensor, "n d"]:
        """V_{i-1} W_i^T, from scratch."""
        image = self._regressors(state, i) @ state.w[i].T
        rows = len(self.problem.x)
        return image.reshape(rows, -1, image.shape[1]).mT.reshape(rows, -1)

    def objective(self, state: State) -> float:
        """Every term of the lifted objective, from scratch.

        Parameters
        ----------
        state : State
            U_i and V_i of shape (N, d_i).
        """
        total = 0.5 * ((state.v[-1] - self.problem.y) ** 2).sum()
        last = self.problem.depth - 1
        for i, here in enumerate(self.problem.layers):
            g, u = state.g[i], state.u[i]
            image = u if i == last else torch.relu(u)
            gap, misfit = state.v[i] - image, u - self._affine(state, i)
            total = total + 0.5 * here.gamma * (gap**2).sum()
            total = total + 0.5 * here.rho * (misfit**2).sum()
            if g is not None:
                away = state.w[i] - g.dense
                total = total + 0.5 * here.tau * (away**2).sum()
        return float(total)


def tt_svd(tensor: Array, rank: int | tuple[int, ...]) -> list[Array]:
    """TT-SVD by a full singular value decomposition of every unfolding.

    Parameters
    ----------
    tensor : ndarray
        Shape (n_1, ..., n_d).
    rank : int or tuple of int
        One cap for every bond, or one a bond.

    Returns
    -------
    list of ndarray
        Cores of shape (r_{k-1}, n_k, r_k).

    Notes
    -----
    Oseledets (2011), algorithm 1.
    """
    bonds = tensor.ndim - 1
    caps = (rank,) * bonds if isinstance(rank, int) else rank
    cores, rest, r = [], tensor, 1
    for n, cap in zip(tensor.shape[:-1], caps, strict=True):
        unfolding = rest.reshape(r * n, -1)
        left, values, right = np.linalg.svd(unfolding, full_matrices=False)
        kept = min(cap, len(values))
        cores.append(left[:, :kept].reshape(r, n, kept))
        rest, r = values[:kept, None] * right[:kept], kept
    cores.append(rest.reshape(r, tensor.shape[-1], 1))
    return cores


def _refuse_what_is_not_published(problem: Problem) -> None:
    network = problem.network
    published = {
        "the penalty coupling": isinstance(problem.coupling, Penalty),
        "the squared loss": isinstance(problem.loss, Squared),
        "no bias": not any(layer.bias for layer in network.layers),
        "ReLU": all(isinstance(s, ReLU) for s in network.activations[:-1]),
        "no ridge": not any(x.ridge for x in problem.layers),
        "no box on V": not any(x.bounds for x in problem.layers),
        "convolution in the first layer only": all(
            isinstance(linear, DenseMap) for linear in network.maps[1:]
        ),
        "free layers and tensor trains of row-major matrices": all(
            s.free
            or (type(s) is TensorTrain and s.pairs is None and s.rtol is None)
            for s in network.structures
        ),
    }
    wrong = [name for name, holds in published.items() if not holds]
    if wrong:
        msg = f"the plain procedure needs {', '.join(wrong)}."
        raise ValueError(msg)
