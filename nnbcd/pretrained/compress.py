"""Compress a pretrained torch module, layer by layer, from calibration data.

Each Linear and Conv2d gets the weight of a given set whose outputs, on some
batches of data, are nearest to those of the original layer: the W block of
block coordinate descent with U held at the original outputs. No labels, no
learning rate; of the data only sums over the rows are kept.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from nnbcd.checks import choice, count, instance, number
from nnbcd.pretrained.calibration import Calibration, Forward
from nnbcd.pretrained.chain import refine_chain
from nnbcd.pretrained.metric import METRICS
from nnbcd.pretrained.plan import Recipe
from nnbcd.pretrained.prepare import families, prepare
from nnbcd.pretrained.report import Compressed, account
from nnbcd.structures import LowRank, Structure

__all__ = ["compress"]


def compress(
    module: nn.Module,
    calibration: Any,
    structure: Structure | Mapping[str, Structure] | None = None,
    *,
    ratio: float | None = None,
    tolerance: float | None = None,
    metric: str = "outputs",
    sequential: bool = True,
    damping: float = 0.01,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    refine: int = 0,
    forward: Forward | None = None,
    progress: bool = False,
) -> Compressed:
    r"""A smaller copy of a pretrained module; the module is left alone.

    Layer by layer, in the order of the forward pass, solves

    .. math::

        \min_{W \in M, b} \operatorname{tr}\bigl(S E^T E\bigr),
        \qquad E = U - A W^T - 1 b^T,

    where U (rows, d_out) is what the original layer put out, A (rows, d_in)
    what the layer gets now, patches of a convolution, and S says how much
    the outputs of the whole module feel an error there. Low rank has a
    closed form, zeros and tensor trains are fitted by steps that do not
    raise it (:mod:`nnbcd.pretrained.fit`).

    Parameters
    ----------
    module : torch.nn.Module
        Its Linear and Conv2d layers are compressed, also the projections
        within MultiheadAttention. What cannot be is told in ``left``.
    calibration : Tensor, ndarray or iterable of batches
        Data like those the module will see; some hundred rows, or more than
        a layer has inputs, are enough. See
        :class:`nnbcd.pretrained.Calibration`. Read once for each group of
        layers, and a few times more.
    structure : Structure or mapping of patterns to Structure
        The set M; with a mapping the first pattern that fits a layer's
        name counts, and layers that none fits are left. Default:
        ``LowRank``. With ratio or tolerance its size is found.
    ratio : float, optional
        Numbers stored over those of the module, all of it, in (0, 1). They
        go where they save most error.
    tolerance : float, optional
        Each layer gets the smallest size whose error is within this; see
        :class:`CompressedLayer`. Excludes ratio.
    metric : str
        ``outputs``; ``layer``: S is the identity, and no gradient is taken;
        ``weights``: the weight alone is approximated, without data, as
        truncated SVD, TT-SVD and magnitude pruning do.
    sequential : bool
        Whether A is what the layers compressed so far hand on, so that a
        layer makes up for them; else that of the original.
    damping : float
        Pull towards the original weight, relative to the mean square of
        the inputs. Where the inputs do not reach, it decides alone.
    include, exclude : sequence of str
        Patterns of layer names, with * and ?.
    refine : int
        Sweeps of the consistent coupling afterwards, towards the original
        outputs: for chains of Linear, Conv2d and activations. The error of
        the outputs does not rise. All batches are held in memory.
    forward : callable, optional
        ``forward(module, batch)`` calls the module.
    progress : bool
        Show a bar on stderr.

    Returns
    -------
    Compressed
        ``.module`` is plain torch; print the rest.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, a ratio out of reach, or nothing
        can be compressed: one sentence that names it.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Linear(20, 40), nn.ReLU(), nn.Linear(40, 3))
    >>> small = compress(model, torch.randn(100, 20), ratio=0.5)
    >>> small.parameters <= 0.5 * small.dense_parameters
    True
    >>> small.module(torch.randn(2, 20)).shape
    torch.Size([2, 3])

    Notes
    -----
    Ours: the W block of the constraint coupling. Kindred: Jaderberg et al.
    (arXiv:1405.3866) and Zhang et al. (arXiv:1505.06798) fit low-rank
    convolutions to outputs, Frantar and Alistarh (arXiv:2208.11580) zeros
    and quantised weights; S is that of K-FAC (arXiv:1503.05671).
    """
    start = time.perf_counter()
    instance("module", module, nn.Module, "torch.nn.Linear(8, 8)")
    _refuse(module)
    choice("metric", metric, METRICS)
    number("damping", damping)
    count("refine", refine, least=0)
    if ratio is not None and tolerance is not None:
        msg = "ratio and tolerance exclude each other: give one of them."
        raise ValueError(msg)
    if ratio is not None and not 0 < number("ratio", ratio) < 1:
        msg = f"ratio must lie in (0, 1), got {ratio}."
        raise ValueError(msg)
    if tolerance is not None:
        number("tolerance", tolerance)
    if structure is None:
        if ratio is None and tolerance is None:
            msg = "give structure, ratio or tolerance: how small is it to be?"
            raise ValueError(msg)
        structure = LowRank(1)
    batches = Calibration(calibration, module, forward)
    plan = prepare(module, batches, include, exclude)
    recipe = Recipe(ratio, tolerance, metric, sequential, damping)
    plan.run(families(structure, plan), recipe, progress=progress)
    if refine:
        refine_chain(plan, refine, progress=progress)
    return account(plan, time.perf_counter() - start)


def _refuse(module: nn.Module) -> None:
    """Wrappers whose insides would be compressed in vain."""
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    if isinstance(module, wrappers):
        msg = "module is wrapped for parallel work: give module.module."
        raise TypeError(msg)
    if isinstance(module, torch.jit.ScriptModule):
        msg = "module is compiled by TorchScript: give the module it was."
        raise TypeError(msg)
    if hasattr(module, "_orig_mod"):
        msg = "module is compiled: give what torch.compile was given."
        raise TypeError(msg)
