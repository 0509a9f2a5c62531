"""What is stored and how long it takes: the numbers of the explorer.

The table beside this module holds latencies that were measured once, in
single precision on one thread: square weights of three sizes, three batch
sizes, six ways to multiply, each with a dense product in turns.
``python -m nnbcd.explore.shipping_measured`` measures again.
"""

from __future__ import annotations

from functools import cache, partial
from math import exp, log
from statistics import median
from typing import Any

from nnbcd.deploy.coding import index_bytes
from nnbcd.explore.grid import read_table, write_table

__all__ = [
    "BATCHES",
    "NUMBER",
    "SHARES",
    "SIZES",
    "WAYS",
    "break_even",
    "machine",
    "ratio",
    "stored",
]

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
SIZES = (256, 512, 1024)
BATCHES = (1, 16, 256)
WAYS = (
    "sparse, by rows",
    "sparse, masked",
    "low rank",
    "train, by cores",
    "train, by factors",
    "train, rebuilt",
)
NUMBER = 4  # bytes


def stored(way: str, size: int, share: float) -> tuple[int, int]:
    """Numbers kept of a square weight, and bytes with the indices.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size : int
        Rows, and columns.
    share : float
        Of the size * size numbers that is kept: at most it, where the
        smallest member of the format is not larger.
    """
    if way.startswith("sparse"):
        kept = round(share * size * size)
        places = min(index_bytes(kept, size, size).values())
        return kept, NUMBER * kept + places
    kept = _structure(way, size, share).count((size, size))
    return kept, NUMBER * kept


def ratio(way: str, size: int, batch: int, share: float) -> float:
    """Measured time over that of a dense product: below one is faster.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size, batch : int
        Of ``SIZES`` and of ``BATCHES``.
    share : float
        One of ``SHARES``.
    """
    row = _table()["ratio"][f"{way} | {size} | {batch}"]
    return float(row[SHARES.index(share)])


def break_even(way: str, size: int, batch: int) -> float:
    """Largest share up to which it was no slower than dense, 0 for none.

    Between two measured shares the ratio is taken to be a power of the
    share.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    size, batch : int
        Of ``SIZES`` and of ``BATCHES``.
    """
    ratios = [ratio(way, size, batch, share) for share in SHARES]
    best = 0.0
    for k, (share, now) in enumerate(zip(SHARES, ratios, strict=True)):
        if now > 1:
            if k:
                before, last = log(ratios[k - 1]), log(SHARES[k - 1])
                part = -before / (log(now) - before)
                best = exp(last + part * (log(share) - last))
            break
        best = share
    return best


def machine() -> str:
    """On what the table was measured."""
    return str(_table()["machine"])


@cache
def _table() -> Any:
    return read_table(__file__)


@cache
def _structure(way: str, size: int, share: float) -> Any:
    from nnbcd import LowRank, Sparse, TensorTrain

    kinds = {"sparse": Sparse(0.5), "low rank": LowRank(1)}
    kind = kinds.get(way.split(",")[0], TensorTrain(1))
    return kind.sized((size, size), share * size * size)


def compute() -> dict[str, Any]:
    """Measure every way, size, batch and share: the table of this module."""
    import torch
    from torch.nn import functional

    from nnbcd.deploy import (
        Choices,
        MaskedLinear,
        SparseLinear,
        linear_layer,
        measure,
    )
    from nnbcd.experiments.environment import device_name
    from nnbcd.sparsity import keep_largest
    from nnbcd.tensor_train import TTCores, feasible_ranks

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)

    def layer(way: str, size: int, share: float) -> Any:
        if way.startswith("sparse"):
            w = torch.randn(size, size, generator=generator)
            mask = keep_largest(w, round(share * size * size))
            kind = SparseLinear if way == WAYS[0] else MaskedLinear
            return kind(w * mask, mask=mask)
        structure = _structure(way, size, share)
        modes = structure.tensor_shape((size, size))
        ranks = (1, *feasible_ranks(modes, structure.rank), 1)
        cores = tuple(
            torch.randn(r, n, s, generator=generator)
            for r, n, s in zip(ranks, modes, ranks[1:], strict=False)
        )
        member = structure.from_cores(TTCores(cores), (size, size))
        products = ("contract", "factors", "rebuild")
        product = products[max(0, WAYS.index(way) - 3)]
        return linear_layer(member, None, structure, Choices(train=product))

    found: dict[str, list[float]] = {}
    for size in SIZES:
        w = torch.randn(size, size, generator=generator)
        for batch in BATCHES:
            x = torch.randn(batch, size, generator=generator)
            for way in WAYS:
                row = []
                for share in SHARES:
                    here = layer(way, size, share)
                    calls = partial(here, x), partial(functional.linear, x, w)
                    pairs = [measure(calls, repeats=5) for _ in range(7)]
                    row.append(median(a / b for a, b in pairs))
                found[f"{way} | {size} | {batch}"] = row
                print(size, batch, way, [round(r, 2) for r in row])
    return {
        "machine": device_name("cpu"),
        "torch": torch.__version__,
        "ratio": found,
    }


if __name__ == "__main__":
    write_table(__file__, compute(), digits=3)
