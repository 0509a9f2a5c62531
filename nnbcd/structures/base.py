"""What a structure is, and what a member of its set carries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod

from nnbcd import tensor_train
from nnbcd._typing import Bool, Float, Tensor
from nnbcd.checks import share
from nnbcd.quadratic import Quadratic

__all__ = ["Structure", "StructuredMatrix"]


@dataclass(frozen=True, eq=False)
class StructuredMatrix:
    """A matrix of M together with what is really stored.

    Parameters
    ----------
    dense : Tensor
        The matrix, shape (d_out, d_in).
    cores : TTCores, optional
        Its tensor train, for TensorTrain and LowRank.
    mask : bool Tensor, optional
        Its kept entries, shape of ``dense``, for Sparse.
    """

    dense: Float[Tensor, "d_out d_in"]
    cores: tensor_train.TTCores | None = None
    mask: Bool[Tensor, "d_out d_in"] | None = None

    def scaled(self, factor: Float[Tensor, ""]) -> StructuredMatrix:
        """The member times a number: every set here is a cone."""
        cores = self.cores
        if cores is not None:
            first = factor * cores.cores[0]
            cores = tensor_train.TTCores((first, *cores.cores[1:]))
        return StructuredMatrix(factor * self.dense, cores, self.mask)


@dataclass(frozen=True)
class Structure(ABC):
    """A set of matrices. Subclasses are immutable descriptions.

    All matrices are (d_out, d_in).
    """

    @property
    def free(self) -> bool:
        """True where the set is all matrices (no G block is needed)."""
        return False

    @property
    def exact(self) -> bool:
        """True where :meth:`project` gives a nearest point of the set."""
        return True

    def validate(self, shape: tuple[int, int]) -> None:
        """Raise ValueError, naming the fix, if ``shape`` cannot be held.

        Every shape can, unless a subclass says otherwise.
        """
        return

    @abstractmethod
    def project(self, w: Float[Tensor, "d_out d_in"]) -> StructuredMatrix:
        """A (quasi-)nearest point of the set to ``w``, Frobenius norm."""

    @abstractmethod
    def count(self, shape: tuple[int, int]) -> int:
        """Numbers stored by a member of this shape (indices not counted)."""

    def sized(self, shape: tuple[int, int], budget: float) -> Structure:
        """Member of the family that stores the most numbers in ``budget``.

        The smallest member if none fits. A structure without a size to
        choose, as Free, returns itself.

        Parameters
        ----------
        shape : (int, int)
            Of the weight, (d_out, d_in).
        budget : float
            Numbers it may store.
        """
        return self

    def at_ratio(self, shape: tuple[int, int], ratio: float) -> Structure:
        """Member of the family that stores at most ``ratio`` of the dense.

        The one that stores the most, everything but the size (modes,
        pairs, rtol) as it is. Free returns itself.
        :meth:`nnbcd.Network.at_ratio` does this for a whole network.

        Parameters
        ----------
        shape : (int, int)
            Of the weight, (d_out, d_in).
        ratio : float
            Stored over dense numbers, in (0, 1].

        Raises
        ------
        ValueError
            If ratio is outside (0, 1], or the smallest member stores more.

        Examples
        --------
        >>> from nnbcd import LowRank, Sparse
        >>> Sparse(0.5).at_ratio((8, 8), 0.25)
        Sparse(sparsity=0.75)
        >>> LowRank(8).at_ratio((8, 8), 0.8).rank
        3
        """
        self.validate(shape)
        ratio = share("ratio", ratio)
        member = self.sized(shape, ratio * prod(shape))
        stored, dense = member.count(shape), prod(shape)
        if not self.free and stored > ratio * dense:
            msg = (
                f"ratio {ratio} is out of reach: the smallest member stores "
                f"{stored} of the {dense} numbers of a {shape[0]} x "
                f"{shape[1]} weight: raise ratio."
            )
            raise ValueError(msg)
        return member

    @abstractmethod
    def tangent(
        self, x: Float[Tensor, "d_out d_in"], at: StructuredMatrix
    ) -> Tensor:
        """Part of ``x`` along the set at ``at``: x less a normal vector.

        Coordinates in an orthonormal basis, so that the norm is the
        distance of -x to the normal cone.
        """

    @abstractmethod
    def least_squares(
        self, q: Quadratic, start: StructuredMatrix, *, safe: bool = True
    ) -> StructuredMatrix:
        """Member of the set with q no larger than at ``start``.

        Parameters
        ----------
        q : Quadratic
            Taken at ``start``: q.at is start.dense, shape (d_out, d_in).
        start : StructuredMatrix
            A member of the set.
        safe : bool
            False asks for the fastest good step instead, which may raise
            q: the caller checks.
        """

    def refine(
        self,
        w: Float[Tensor, "d_out d_in"],
        start: StructuredMatrix,
        weight: float,
        alpha: float,
    ) -> tuple[StructuredMatrix, Float[Tensor, ""]]:
        r"""Member no farther from ``w`` than ``start``, and its squared step.

        Lowers weight/2 ||w - G||^2 + alpha/2 ||G - start||^2. The default
        is the exact projection of the weighted mean.
        """
        mean = (weight * w + alpha * start.dense) / (weight + alpha)
        new = self.project(mean)
        return new, (new.dense - start.dense).square().sum()
