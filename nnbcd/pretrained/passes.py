"""Passes over the calibration batches, with hooks on the layers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.pretrained.calibration import Calibration, tensors_of
from nnbcd.pretrained.rows import Layer, matrix_shape, pairs
from nnbcd.pretrained.sums import Sums

__all__ = ["gather", "groups", "output_error", "watched"]

See = Callable[[str, Tensor, Tensor], Tensor | None]


class _Enough(BaseException):
    """Every layer of interest was reached: the rest need not run."""


@contextmanager
def watched(layers: Mapping[str, nn.Module], see: See) -> Iterator[None]:
    """Call ``see(name, input, output)`` at each call of the layers.

    Parameters
    ----------
    layers : dict of str to Module
    see : callable
        What it returns, if not None, is what the layer puts out.
    """

    def hook(name: str) -> Any:
        def seen(_: Any, args: Any, kwargs: Any, output: Any) -> Any:
            return see(name, args[0] if args else kwargs["input"], output)

        return seen

    handles = [
        layer.register_forward_hook(hook(name), with_kwargs=True)
        for name, layer in layers.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _run(calibration: Calibration, root: nn.Module, batch: Any) -> Any:
    try:
        return calibration.forward(root, batch)
    except _Enough:
        return None


@torch.no_grad()
def groups(
    root: nn.Module, layers: Mapping[str, Layer], calibration: Calibration
) -> tuple[list[list[str]], Counter[str]]:
    """The layers in the order they are called in, and how often each is.

    Layers that follow one another and read the same input, as the
    projections of attention do, make one group.

    Parameters
    ----------
    root : torch.nn.Module
    layers : dict of str to Layer
        Parts of it, weights of shape (q, p) as matrices.
    calibration : Calibration
        Its first batch is run.
    """
    order: list[list[str]] = []
    calls: Counter[str] = Counter()
    inputs: list[Tensor] = []  # kept alive, so that no address comes again

    def see(name: str, x: Tensor, _: Tensor) -> None:
        calls[name] += 1
        if calls[name] > 1:
            return
        if inputs and _same(inputs[-1], x):
            order[-1].append(name)
        else:
            order.append([name])
        inputs.append(x)

    with watched(layers, see):
        _run(calibration, root, next(iter(calibration)))
    return order, calls


def _same(a: Tensor, b: Tensor) -> bool:
    def place(x: Tensor) -> Any:
        return x.data_ptr(), x.shape, x.stride()

    return bool(place(a) == place(b))


@torch.no_grad()
def gather(
    reference: nn.Module,
    current: nn.Module,
    names: Sequence[str],
    calls: Counter[str],
    calibration: Calibration,
    *,
    changed: bool,
) -> dict[str, Sums]:
    """The sums of some layers: inputs of one module, outputs of another.

    Parameters
    ----------
    reference : torch.nn.Module
        The original: gives the outputs (M, q).
    current : torch.nn.Module
        The module so far: gives the inputs (M, p).
    names : sequence of str
        Layers that both have.
    calls : Counter
        From :func:`groups`.
    calibration : Calibration
    changed : bool
        Whether the two differ; if not, one run does for both.
    """
    theirs: dict[str, Any] = {n: reference.get_submodule(n) for n in names}
    ours = {n: current.get_submodule(n) for n in names}
    sums = {
        n: Sums(matrix_shape(layer), _wide(layer.weight.device))
        for n, layer in theirs.items()
    }
    once = all(calls[n] == 1 for n in names)
    outputs: defaultdict[str, list[Tensor]] = defaultdict(list)
    seen: Counter[str] = Counter()

    def keep(name: str, _: Tensor, y: Tensor) -> None:
        outputs[name].append(y.clone())
        if once and len(outputs) == len(names):
            raise _Enough

    def add(name: str, x: Tensor, y: Tensor) -> None:
        if changed:
            y = outputs[name][seen[name]]
        for a, u in pairs(theirs[name], x, y):
            sums[name].add(a, u)
        seen[name] += 1
        if once and len(seen) == len(names):
            raise _Enough

    for batch in calibration:
        outputs.clear()
        seen.clear()
        if changed:
            with watched(theirs, keep):
                _run(calibration, reference, batch)
        with watched(ours, add):
            _run(calibration, current, batch)
    for name, found in sums.items():
        if not found.finite:
            msg = (
                f"calibration: NaN or infinity reached the layer {name}: "
                "clean the batches."
            )
            raise ValueError(msg)
    return sums


def _wide(device: torch.device) -> torch.device:
    """Where float64 exists."""
    return torch.device("cpu") if device.type == "mps" else device


@torch.no_grad()
def output_error(
    reference: nn.Module, current: nn.Module, calibration: Calibration
) -> float:
    """Error of the module's outputs, relative to how they vary.

    NaN if none of them is a floating point tensor.

    Parameters
    ----------
    reference, current : torch.nn.Module
    calibration : Calibration
    """
    gap = power = count = 0.0
    means = torch.zeros((), dtype=torch.float64)
    for batch in calibration:
        pair = [
            tensors_of(calibration.forward(root, batch))
            for root in (reference, current)
        ]
        for k, (a, b) in enumerate(zip(*pair, strict=True)):
            a, b = a.double(), b.double()
            gap += float((a - b).square().sum())
            power += float(a.square().sum())
            if k == 0:
                wide = a.reshape(-1, a.shape[-1] if a.dim() else 1)
                means = means + wide.sum(0).cpu()
                count += len(wide)
    if count == 0:
        return float("nan")
    spread = power - float((means / count).square().sum()) * count
    return float((gap / max(spread, 1e-14 * power, 1e-300)) ** 0.5)
