"""What a prox-linear sweep computes and, among processes, exchanges.

A chunk exchanges its loss and, for each link with weight (q, p), the q k
entries of D, and of X too where W is free. A chunk at which the metrics are
measured exchanges k^2 + q^2 more for each link, in a message of its own.
"""

from __future__ import annotations

from nnbcd.couplings import ProxLinear
from nnbcd.network import Network
from nnbcd.prox_linear.links import Link, links_of
from nnbcd.prox_linear.memory import is_due
from nnbcd.prox_linear.supports import CLOSED
from nnbcd.structures import Sparse

__all__ = ["flops", "numbers"]


def numbers(
    method: ProxLinear, network: Network, rows: int
) -> tuple[int, int, int]:
    """Numbers and messages of the first pass, and proposals at its end.

    Parameters
    ----------
    method : ProxLinear
    network : Network
        L layers.
    rows : int
        N, all processes together.
    """
    links, chunks = links_of(network), _chunks(method, network, rows)
    measured = _measured(method, chunks)
    total, messages = chunks, chunks + measured
    for link in links:
        q, k = _shape(link)
        total += chunks * q * k * (2 if _free(link) else 1)
        total += measured * (k * k + q * q)
    sparse = any(isinstance(s, Sparse) for s in network.structures)
    since = CLOSED if sparse and method.opening else 0.5
    averaged = sum((i + 1) / chunks > since for i in range(chunks))
    return total, messages, 1 if averaged < 2 else 2


def flops(method: ProxLinear, network: Network, rows: int, n: int) -> float:
    """Operations of the first pass of a process with n of the rows.

    Parameters
    ----------
    method, network, rows
        As in :func:`numbers`.
    n : int
    """
    chunks = _chunks(method, network, rows)
    measured = _measured(method, chunks)
    total = 0.0
    for i, link in enumerate(links_of(network)):
        q, k = _shape(link)
        m = n * link.linear.rows_per_sample
        # Forward, D and, above the first link, multipliers.
        total += 2 * m * q * k * (2 if i == 0 else 3)
        share = measured / chunks
        total += share * 2 * m * (k * k + q * q + (q * k if i else 0))
        total += measured * (k**3 + q**3)
        sides = chunks * q * k * (q + k)
        by_rows = m * (q * q + k * k + q * k)
        total += 2 * (min(sides, by_rows) if _free(link) else sides)
    return total


def _chunks(method: ProxLinear, network: Network, rows: int) -> int:
    width = max(m.weight_shape[1] for m in network.maps)
    return -(-rows // method.rows(rows, width))


def _measured(method: ProxLinear, chunks: int) -> int:
    return sum(is_due(age, method) for age in range(chunks))


def _shape(link: Link) -> tuple[int, int]:
    q, p = link.linear.weight_shape
    return q, p + link.bias


def _free(link: Link) -> bool:
    return link.structure is None or link.structure.free
