"""Where a run starts: weights by a scheme, layer by layer.

The schemes of :mod:`nnbcd.initialisation` and the authors' eighth one,
uniform in a fixed interval; the first layer may have one of its own, as in
their convolution. The numbers come from a source, so that the same formulas
serve torch's CPU generator and the authors' GPU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from nnbcd import checks
from nnbcd._typing import Float, Tensor
from nnbcd.handover import hand_over
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["EIGHT", "SCHEMES", "CpuSource", "Source", "Start"]


@runtime_checkable
class Source(Protocol):
    """Random numbers in the order in which they are asked for."""

    def normal(self, count: int) -> Float[Tensor, " n"]:
        """Standard normals, float32."""
        ...

    def uniform(self, count: int) -> Float[Tensor, " n"]:
        """Uniform in [0, 1), float32."""
        ...


class CpuSource:
    """Torch's CPU generator.

    Parameters
    ----------
    seed : int
        The same seed gives the same numbers.
    """

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(checks.seed(seed))

    def normal(self, count: int) -> Float[Tensor, " n"]:
        """Standard normals, float32, shape (count,)."""
        return torch.randn(
            count, generator=self._generator, dtype=torch.float32
        )

    def uniform(self, count: int) -> Float[Tensor, " n"]:
        """Uniform in [0, 1), float32, shape (count,)."""
        return torch.rand(
            count, generator=self._generator, dtype=torch.float32
        )


Scheme = Callable[[int, int, Source], Tensor]


def _normal(deviation: Callable[[int, int], float]) -> Scheme:
    def draw(rows: int, columns: int, source: Source) -> Tensor:
        w = source.normal(rows * columns).reshape(rows, columns)
        return w * deviation(rows, columns)

    return draw


def _uniform(limit: Callable[[int, int], float]) -> Scheme:
    def draw(rows: int, columns: int, source: Source) -> Tensor:
        w = source.uniform(rows * columns).reshape(rows, columns)
        end = limit(rows, columns)
        return w * (2 * end) - end

    return draw


def _orthogonal(rows: int, columns: int, source: Source) -> Tensor:
    """Q of a Gaussian matrix, the diagonal of R made positive."""
    w = source.normal(rows * columns).reshape(rows, columns)
    tall = w if rows >= columns else w.T
    q, r = torch.linalg.qr(tall)
    q = q * torch.diagonal(r).sign()
    out: Tensor = q if rows >= columns else q.T
    return out


# Standard deviation or limit, of the outputs o and the inputs i.
SCHEMES: dict[str, Scheme] = {
    "kaiming-normal": _normal(lambda _, i: math.sqrt(2 / i)),
    "kaiming-uniform": _uniform(lambda _, i: math.sqrt(6 / i)),
    "xavier-normal": _normal(lambda o, i: math.sqrt(2 / (o + i))),
    "xavier-uniform": _uniform(lambda o, i: math.sqrt(6 / (o + i))),
    "lecun-normal": _normal(lambda _, i: math.sqrt(1 / i)),
    "lecun-uniform": _uniform(lambda _, i: math.sqrt(3 / i)),
    "orthogonal": _orthogonal,
    "uniform": _uniform(lambda _, __: 1.0),
    "gaussian": _normal(lambda _, __: 1.0),
}
# The starts that the authors compare.
EIGHT = tuple(name for name in SCHEMES if name != "gaussian")


@dataclass(frozen=True)
class Start:
    """Weights by a named scheme times a factor; U and V are their outputs.

    Parameters
    ----------
    scheme : str
        A key of ``SCHEMES``; ``uniform`` is in [-1, 1] and ``gaussian`` has
        deviation 1, both before the factor.
    factor : float
        On every weight.
    first : float or None
        Deviation of a Gaussian first layer, without the factor; None: the
        first layer is as the others.
    """

    scheme: str
    factor: float = 1.0
    first: float | None = None

    def __post_init__(self) -> None:
        checks.choice("scheme", self.scheme, tuple(SCHEMES))

    def source(self, seed: int) -> Source:
        """Where the numbers come from."""
        return CpuSource(seed)

    def __call__(self, problem: Problem, seed: int) -> State:
        """A legal state of ``problem``, each G near its W.

        Parameters
        ----------
        problem : Problem
            N samples.
        seed : int
        """
        weights = self.weights(problem, seed)
        return hand_over(problem, [(w, None) for w in weights])

    def weights(self, problem: Problem, seed: int) -> list[Tensor]:
        """W_1 to W_L, each of shape (d_out, d_in), float32.

        Parameters
        ----------
        problem : Problem
        seed : int
        """
        source = self.source(seed)
        shapes = [linear.weight_shape for linear in problem.maps]
        return [self.draw(i, shape, source) for i, shape in enumerate(shapes)]

    def draw(self, i: int, shape: tuple[int, int], source: Source) -> Tensor:
        """The weight of layer i, counted from 0.

        Parameters
        ----------
        i : int
        shape : (int, int)
            Of the weight, (d_out, d_in).
        source : Source
        """
        if i == 0 and self.first is not None:
            return self.first * SCHEMES["gaussian"](*shape, source)
        return self.factor * SCHEMES[self.scheme](*shape, source)
