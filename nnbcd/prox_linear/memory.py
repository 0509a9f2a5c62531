"""What a pass hands to the next one: last steps and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nnbcd._typing import Tensor
from nnbcd.couplings import ProxLinear
from nnbcd.prox_linear.links import Link
from nnbcd.prox_linear.metrics import Metric, blend

__all__ = ["Memory"]

EARLY = 10  # chunks that are all measured, at the start
FIELDS = 3  # tensors of a link


@dataclass
class Memory:
    """Last steps and metrics of each link; changed as a pass goes on.

    Parameters
    ----------
    age : int
        Chunks gone through since the start.
    steps : list of Tensor
        Last step of [W, b], shapes (q, k).
    metrics : list of Metric
        Empty before the first chunk.
    """

    age: int
    steps: list[Tensor]
    metrics: list[Metric]

    @staticmethod
    def read(
        stored: Sequence[Tensor],
        links: Sequence[Link],
        like: Tensor,
        settings: ProxLinear,
    ) -> Memory:
        """From a state's ``memory``; afresh where shapes have changed.

        Parameters
        ----------
        stored : sequence of Tensor
            Age, then the last step and the running means of each link.
        links : sequence of Link
        like : Tensor
            Of the number type and device wanted.
        settings : ProxLinear
        """
        shapes = [_shapes(link) for link in links]
        flat = [shape for three in shapes for shape in three]
        if [tuple(x.shape) for x in stored[1:]] == flat:
            parts = [stored[k : k + 3] for k in range(1, len(stored), FIELDS)]
            metrics = [
                _metric(link, c, s, settings)
                for link, (_, c, s) in zip(links, parts, strict=True)
            ]
            # Copies: steps are updated in place.
            steps = [part[0].clone() for part in parts]
            return Memory(int(stored[0]), steps, metrics)
        return Memory(0, [like.new_zeros(three[0]) for three in shapes], [])

    def pack(self) -> tuple[Tensor, ...]:
        """As a state keeps it."""
        out = [torch.tensor(float(self.age), dtype=torch.float64)]
        for step, metric in zip(self.steps, self.metrics, strict=True):
            out += [step, metric.c, metric.s]
        return tuple(out)

    def due(self, settings: ProxLinear) -> bool:
        """Whether the metrics are to be measured at this chunk."""
        return self.age < EARLY or self.age % settings.refresh == 0

    def measured(
        self,
        links: Sequence[Link],
        cs: Sequence[Tensor],
        ss: Sequence[Tensor],
        settings: ProxLinear,
    ) -> None:
        """Take in fresh C (k, k) and S (q, q) of every link."""
        # At first the plain mean, so that no chunk weighs too much.
        memory = min(settings.memory, self.age / (self.age + 1))
        pasts = [(x.c, x.s) for x in self.metrics] or [(None, None)] * len(cs)
        self.metrics = [
            _metric(
                link, blend(p[0], c, memory), blend(p[1], s, memory), settings
            )
            for link, p, c, s in zip(links, pasts, cs, ss, strict=True)
        ]


def _metric(link: Link, c: Tensor, s: Tensor, settings: ProxLinear) -> Metric:
    return Metric.of(
        c, s, bias=link.bias, damping=settings.damping, kappa=settings.kappa
    )


def _shapes(link: Link) -> list[tuple[int, ...]]:
    q, p = link.linear.weight_shape
    k = p + link.bias
    return [(q, k), (k, k), (q, q)]
