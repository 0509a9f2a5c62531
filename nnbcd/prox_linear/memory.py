"""What a pass hands to the next one: its age, last steps and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.couplings import ProxLinear
from nnbcd.prox_linear.links import Link
from nnbcd.prox_linear.metrics import Metric, blend

__all__ = ["Memory", "at_rest", "is_due"]

EARLY = 10  # chunks that are all measured, at the start


@dataclass
class Memory:
    """Changed as a pass goes on, one entry for each link.

    Parameters
    ----------
    age : int
        Chunks gone through since the start of the run.
    steps : list of Tensor
        Last step of [W, b], shapes (q, k).
    metrics : list of Metric or None
        None where nothing was measured yet.
    """

    age: int
    steps: list[Tensor]
    metrics: list[Metric | None]

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
            Empty, or what :meth:`pack` made.
        links : sequence of Link
        like : Tensor
            Of the number type and device wanted, any shape.
        settings : ProxLinear
        """
        age = int(stored[0]) if stored else 0
        rest = list(stored[1:])
        known = len(rest) == 3 * len(links)
        steps: list[Tensor] = []
        metrics: list[Metric | None] = []
        for i, link in enumerate(links):
            q, p = link.linear.weight_shape
            k = p + link.bias
            shapes = [(q, k), (k, k), (q, q)]
            part = rest[3 * i : 3 * i + 3] if known else []
            if [tuple(x.shape) for x in part] == shapes:
                steps.append(part[0])
                metrics.append(_metric(link, part[1], part[2], settings))
            else:
                steps.append(like.new_zeros(q, k))
                metrics.append(None)
        return Memory(age, steps, metrics)

    def pack(self) -> tuple[Tensor, ...]:
        """As a state keeps it: age, then step, C and S of each link."""
        out = [torch.tensor(float(self.age), dtype=torch.float64)]
        for step, metric in zip(self.steps, self.metrics, strict=True):
            assert metric is not None
            out += [step, metric.c, metric.s]
        return tuple(out)

    def due(self, settings: ProxLinear) -> bool:
        """Whether the metrics are to be measured at this chunk."""
        return is_due(self.age, settings) or None in self.metrics

    def measured(
        self,
        links: Sequence[Link],
        cs: Sequence[Float[Tensor, "k k"]],
        ss: Sequence[Float[Tensor, "q q"]],
        settings: ProxLinear,
    ) -> None:
        """Take in fresh C and S of every link.

        Parameters
        ----------
        links : sequence of Link
        cs, ss : sequence of Tensor
            Shapes (k, k) and (q, q).
        settings : ProxLinear
        """
        # At first the plain mean, so that no chunk weighs too much.
        weight = min(settings.memory, self.age / (self.age + 1))
        for i, (link, c, s) in enumerate(zip(links, cs, ss, strict=True)):
            past = self.metrics[i]
            if past is not None:
                c, s = blend(past.c, c, weight), blend(past.s, s, weight)
            self.metrics[i] = _metric(link, c, s, settings)


def is_due(age: int, settings: ProxLinear) -> bool:
    """Whether C and S are measured at a chunk of this age."""
    return age < EARLY or age % settings.refresh == 0


def at_rest(stored: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The same with all last steps zero: for a step that was refused.

    Parameters
    ----------
    stored : sequence of Tensor
        Empty, or what :meth:`Memory.pack` made.
    """
    return tuple(
        torch.zeros_like(x) if i % 3 == 1 else x for i, x in enumerate(stored)
    )


def _metric(link: Link, c: Tensor, s: Tensor, settings: ProxLinear) -> Metric:
    return Metric.of(
        c, s, bias=link.bias, damping=settings.damping, kappa=settings.kappa
    )
