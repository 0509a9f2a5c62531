"""Data bound to a network: checked, and put where their rows are to lie."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnbcd import mapped, plan
from nnbcd._typing import Tensor
from nnbcd.arrays import as_array
from nnbcd.group import Group
from nnbcd.inputs import DTYPES, as_features, as_targets, warn_if_unscaled
from nnbcd.labels import Names, numbered
from nnbcd.network import Network
from nnbcd.problem import Problem
from nnbcd.rows import Rows
from nnbcd.settings import check_problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nnbcd.solver import Solver

__all__ = ["bind"]


def bind(
    solver: Solver,
    network: Network,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    group: Group | None = None,
) -> Problem:
    """See :meth:`nnbcd.Solver.problem`; X is (N, d_0), y (N,) or (N, d_L)."""
    check_problem(solver, network)
    chunk, first, every = _share(solver, network, x, group)
    rows = Rows(chunk, group, first, every)
    with _together(group):
        features = _features(solver, network, x, chunk)
    known = _labels(group, y)
    with _together(group):
        targets, classes, names = _targets(
            solver, network, y, features, known
        )
    weights = solver.penalties.resolve(len(network.layers))
    bound = network, features, rows.keep(targets), solver.loss, weights
    problem = Problem(
        *bound,
        solver.g_step,
        classes,
        solver.method,
        names=names,
        rows=rows,
    )
    (squares,) = rows.total(
        lambda part: (torch.linalg.vector_norm(part.x, dim=0).square(),),
        problem,
    )
    warn_if_unscaled((squares / problem.samples).sqrt())
    return problem


def _share(
    solver: Solver, network: Network, x: Any, group: Group | None
) -> tuple[int | None, int, int | None]:
    """Rows held at a time, the first row's number, rows of all processes."""
    try:
        n = int((x.shape if hasattr(x, "shape") else np.shape(x))[0])
    except (IndexError, RuntimeError, TypeError, ValueError):
        n = 0  # no array of rows: as_features says what is wrong with it
    first, every, size = 0, None, 1
    if group is not None:
        counts = group.tell(n)
        size = group.size
        first, every = sum(counts[: group.rank]), sum(counts)
        n = max(counts) * size
    if n == 0:
        return None, first, every
    made = plan.make_plan(solver, network, n, size)
    place = solver.device or (x.device if isinstance(x, Tensor) else "cpu")
    plan.refuse_if_too_large(made, torch.device(place))
    return made.chunk_rows, first, every


def _features(
    solver: Solver, network: Network, x: Any, chunk: int | None
) -> Tensor:
    width, dtype = network.maps[0].d_in, DTYPES[solver.dtype]
    if chunk is None:
        return as_features(x, width, dtype=dtype, device=solver.device)
    n = int(x.shape[0]) if hasattr(x, "shape") else len(x)
    out = mapped.empty((n, width), dtype)
    for start in range(0, n, chunk):
        part = slice(start, min(start + chunk, n))
        out[part] = as_features(x[part], width, dtype=dtype, device="cpu")
        mapped.release(out)
        _release_source(x)
    return out


def _release_source(x: Any) -> None:
    """Let go of what has been read of a ``numpy.memmap``."""
    mode, advice = getattr(x, "mode", None), getattr(mmap, "MADV_DONTNEED", 0)
    while isinstance(x, np.ndarray):
        x = x.base
    # Of a copy-on-write map the changes would be lost.
    if isinstance(x, mmap.mmap) and advice and mode in ("r", "r+"):
        x.madvise(advice)


def _targets(
    solver: Solver,
    network: Network,
    y: Any,
    x: Tensor,
    known: list[Any],
) -> tuple[Tensor, Tensor | None, Names | None]:
    """``known``: labels of all processes, of which some may not be here."""
    outputs, n = network.maps[-1].d_out, len(x)
    own = as_array("y", y) if known else None
    if own is not None and own.shape == (n,):
        # Every label is appended, so that all are seen, and dropped again.
        y = np.concatenate([own, np.asarray(known, own.dtype)])
        x = x.new_empty(len(y), 0)
    y, names = numbered(y, outputs)
    targets, classes = as_targets(y, x, outputs, solver.loss)
    return targets[:n].contiguous(), classes, names


def _labels(group: Group | None, y: Any) -> list[Any]:
    """The labels of all processes; none for a regression, or for one."""
    if group is None:
        return []
    try:
        own = as_array("y", y)
        some = own.ndim == 1 and own.dtype.kind in "biuUO"
        mine = sorted(set(own.tolist())) if some else []
    except (TypeError, ValueError):  # as_targets says what is wrong
        mine = []
    told = group.tell(mine)
    return sorted({label for labels in told for label in labels})


@contextmanager
def _together(group: Group | None) -> Iterator[None]:
    """What is wrong with one process's rows ends all with the sentence."""
    trouble = None
    try:
        yield
    except (TypeError, ValueError) as error:
        if group is None:
            raise
        trouble = str(error)
    for rank, said in enumerate([] if group is None else group.tell(trouble)):
        if said is not None:
            msg = f"process {rank} of {group.size if group else 1}: {said}"
            raise ValueError(msg)
