"""From a module and a budget to a compressed module, one group at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import nn

from nnbcd._typing import Float, Tensor
from nnbcd.pretrained import passes
from nnbcd.pretrained.calibration import Calibration
from nnbcd.pretrained.fit import nearest
from nnbcd.pretrained.metric import quadratic
from nnbcd.pretrained.progress import bar
from nnbcd.pretrained.replacement import replacement
from nnbcd.pretrained.rows import Layer, matrix_shape
from nnbcd.pretrained.sensitivity import feel
from nnbcd.pretrained.sites import put
from nnbcd.pretrained.sizes import Option, allocate, options, smallest_within
from nnbcd.pretrained.sums import Sums
from nnbcd.structures import Free, Structure, StructuredMatrix

__all__ = ["Fitted", "Plan", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """How to compress: the arguments of :func:`nnbcd.compress`."""

    ratio: float | None
    tolerance: float | None
    metric: str
    sequential: bool
    damping: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """A new weight (q, p) and bias (q,) with their errors."""

    structure: Structure
    member: StructuredMatrix
    bias: Float[Tensor, " q"] | None
    error: float
    plain_error: float


@dataclass(eq=False)
class Plan:
    """The original, its copy that shrinks, and what is to be replaced.

    Parameters
    ----------
    original, current : torch.nn.Module
        Attention taken apart, in evaluation mode.
    layers : dict of str to Layer
        Of the original, those to be replaced.
    left : dict of str to str
        The others, and why.
    groups : list of list of str
        The layers in the order they are called in.
    calls : Counter
        How often each is called.
    batches : Calibration
    modes : dict of str to bool
        Whether each part of the module was in training mode.
    packed, fused
        From :func:`unpack` and :func:`disarm`.
    fitted : dict of str to Fitted
        What was done.
    """

    original: nn.Module
    current: nn.Module
    layers: dict[str, Layer]
    left: dict[str, str]
    groups: list[list[str]]
    calls: Counter[str]
    batches: Calibration
    modes: dict[str, bool]
    packed: dict[str, nn.Module]
    fused: list[tuple[nn.Module, str, Any]]
    fitted: dict[str, Fitted] = field(default_factory=dict)

    def run(
        self,
        families: Mapping[str, Structure],
        recipe: Recipe,
        *,
        progress: bool,
    ) -> None:
        """Replace the layers of ``families``, one group after the other.

        Parameters
        ----------
        families : dict of str to Structure
            By layer; with a ratio or a tolerance their sizes are found.
        recipe : Recipe
        progress : bool
            Whether to show a bar.
        """
        names = list(families)
        felt: dict[str, Tensor] = {}
        if recipe.metric == "outputs":
            watched = {name: self.layers[name] for name in names}
            felt = feel(self.original, watched, self.batches)
        sequential = recipe.sequential and recipe.metric != "weights"
        whole: dict[str, Sums] = {}
        if recipe.ratio is not None or not sequential:
            whole = self._gather(names, felt)
        if recipe.ratio is not None:
            families = self._within(families, recipe, whole)
        with bar(len(names), progress) as advance:
            for group in self.groups:
                wanted = [name for name in group if name in families]
                if not wanted:
                    continue
                if not whole or (sequential and self.fitted):
                    sums = self._gather(wanted, felt)
                else:
                    sums = {name: whole[name] for name in wanted}
                for name in wanted:
                    family = families[name]
                    self._replace(name, family, recipe, sums[name])
                    advance(name)

    def _gather(
        self, names: Sequence[str], felt: Mapping[str, Tensor]
    ) -> dict[str, Sums]:
        found = passes.gather(
            self.original,
            self.current,
            names,
            self.calls,
            self.batches,
            changed=bool(self.fitted),
        )
        for name, sums in found.items():
            if name in felt:
                sums.felt = felt[name].to(sums.gram)
        return found

    def numbers(self, name: str) -> tuple[Tensor, Tensor | None]:
        """W_0 (q, p) and b_0 (q,) of a layer, float64."""
        layer = self.layers[name]
        w = layer.weight.detach().reshape(matrix_shape(layer))
        b = None if layer.bias is None else layer.bias.detach()
        if w.device.type == "mps":
            w = w.cpu()
            b = None if b is None else b.cpu()
        return w.double(), None if b is None else b.double()

    def _options(
        self, name: str, family: Structure, recipe: Recipe, sums: Sums
    ) -> list[Option]:
        w, b = self.numbers(name)
        q, _ = quadratic(recipe.metric, sums, w, b, recipe.damping)
        if recipe.metric == "weights":
            unit = 1 / max(float(w.square().sum()), 1e-300)
        elif q.left is not None:
            unit = float(sums.rows)
        else:
            unit = sums.rows / max(sums.spread, 1e-300)
        return options(q, family, unit)

    def _within(
        self,
        families: Mapping[str, Structure],
        recipe: Recipe,
        whole: Mapping[str, Sums],
    ) -> dict[str, Structure]:
        """The sizes that fit the ratio of the whole module."""
        assert recipe.ratio is not None
        total = sum(p.numel() for p in self.original.parameters())
        dense = {n: prod(matrix_shape(self.layers[n])) for n in families}
        budget = recipe.ratio * total - (total - sum(dense.values()))
        sizes = {
            name: self._options(name, family, recipe, whole[name])
            for name, family in families.items()
        }
        return allocate(sizes, budget)

    def _replace(
        self, name: str, family: Structure, recipe: Recipe, sums: Sums
    ) -> None:
        w, b = self.numbers(name)
        q, bias_step = quadratic(recipe.metric, sums, w, b, recipe.damping)

        def bias(member: StructuredMatrix) -> Tensor | None:
            if b is None or bias_step is None:
                return b
            return b + bias_step(member.dense - w)

        def error(member: StructuredMatrix) -> float:
            return sums.error(member.dense, bias(member))

        structure = family
        if recipe.tolerance is not None:
            structure = smallest_within(
                self._options(name, family, recipe, sums),
                lambda member: nearest(q, member),
                error,
                recipe.tolerance,
            )
        shape = (w.shape[0], w.shape[1])
        why = "dense is the size it was given"
        if not structure.free and structure.count(shape) >= prod(shape):
            why = "its structure would store no less than the dense weight"
            structure = Free()
        follows = self.fitted and recipe.sequential
        if structure.free and not (follows and recipe.metric != "weights"):
            self.left[name] = why
            return
        member = nearest(q, structure)
        plain = sums.error(structure.project(w).dense, b)
        self.put(
            name,
            Fitted(structure, member, bias(member), error(member), plain),
        )

    def put(self, name: str, fitted: Fitted) -> None:
        """Put a new weight in the place of a layer of the current module."""
        self.fitted[name] = fitted
        new = replacement(
            self.layers[name], fitted.member, fitted.bias, fitted.structure
        )
        self.current = put(self.current, name, new.eval())

    def finish(self) -> nn.Module:
        """The current module in the modes of the original.

        Attention none of whose projections was replaced is put back, and
        layers of torch that may fuse their parts again do so.
        """
        for name, mode in self.modes.items():
            part = self.current.get_submodule(name)
            if name in self.fitted:
                part.train(mode)
            part.training = mode
        for name, attention in self.packed.items():
            below = f"{name}." if name else ""
            if not any(part.startswith(below) for part in self.fitted):
                self.current = put(self.current, name, attention)
        new = {self.current.get_submodule(name) for name in self.fitted}
        for part, switch, value in self.fused:
            if not new.intersection(part.modules()):
                setattr(part, switch, value)
        return self.current
