r"""What a sweep computes and, among processes, exchanges: the counts.

For a layer with weight (q, p), k = p + 1 regressors (p without a bias) and m
regression rows. A lifted sweep exchanges, layer by layer,

=================================  ===================================
after the V block                  3 numbers
after the U block                  3 numbers
for the W block                    q k, and k^2 but in the first layer
the first layer's image            1 number
objective at the start             1 + 2 L
whether all are in step, and stop  3
subgradient, where it is computed  q k + 2 in each layer
=================================  ===================================

so nothing that grows with the rows. A consistent sweep goes through the rows
in chunks of a size that does not grow with them, and exchanges for each
chunk the Gram matrices, the products and the sensitivities: k^2 + q k and,
above the lowest structured layer, p^2 for each layer. A prox-linear sweep:
see :mod:`nnbcd.prox_linear.traffic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnbcd.affine import DenseMap
from nnbcd.couplings import Consistent, ProxLinear
from nnbcd.losses import CrossEntropy
from nnbcd.network import Network
from nnbcd.prox_linear import traffic as prox_linear

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["flops", "of_sweep"]


def of_sweep(solver: Solver, network: Network, rows: int) -> tuple[int, int]:
    """Numbers and messages that the processes add up in a sweep.

    Parameters
    ----------
    solver : Solver
    network : Network
        L layers with weights (q, p).
    rows : int
        N, all processes together.

    Returns
    -------
    numbers : int
        Of float64.
    messages : int
        Of the consistent coupling: of a sweep whose first proposals are
        taken.
    """
    if isinstance(solver.method, ProxLinear):
        numbers, messages, trials = prox_linear.numbers(
            solver.method, network, rows
        )
        return numbers + 4 + trials, messages + 4 + trials
    if isinstance(solver.method, Consistent):
        return _consistent(solver.method, network, rows, solver)
    depth, numbers, messages = len(network.layers), 0, 0
    for i, (q, k, _) in enumerate(_shapes(network)):
        numbers += 6 + q * k + (k * k if i else 1)
        messages += 3 if i else 4
    numbers, messages = numbers + 1 + 2 * depth + 3, messages + 1 + 3
    if solver.certify:
        numbers += sum(q * k + 2 for q, k, _ in _shapes(network))
        messages += 1
    if solver.acceleration:
        numbers += 2 * (1 + 2 * depth) + 2 * depth
        messages += 3
    return numbers, messages


def flops(
    solver: Solver, network: Network, rows: int, processes: int = 1
) -> float:
    """Operations of a sweep of one of the processes.

    Products and solves; everything elementwise counts nothing. A symmetric
    product counts in full, a box on V and the fit of a structure nothing.

    Parameters
    ----------
    solver, network, rows
        As in :func:`of_sweep`.
    processes : int
    """
    n = -(-rows // processes)
    if isinstance(solver.method, ProxLinear):
        total = prox_linear.flops(solver.method, network, rows, n)
        shapes = _shapes(network)
        return total + sum(4.0 * n * t * q * k for q, k, t in shapes)
    if isinstance(solver.method, Consistent):
        return _consistent_flops(solver.method, network, rows, n)
    total = 0.0
    for i, (q, k, positions) in enumerate(_shapes(network)):
        m, p = n * positions, network.maps[i].weight_shape[1]
        total += 4 * m * p * q  # the image and the residual product
        total += 2 * q * k * k  # the solve
        if i > 0:
            small = min(p, q)
            total += 2 * m * p * p + k**3 / 3  # the Gram matrix
            total += 4 * n * p * q  # V below
            total += 2 * p * q * small * 2 + small**3 / 3
        if solver.certify:
            total += 2 * m * p * q * (1 if i == 0 else 2)
            # The image behind a W block is out of date by then.
    return total


def _shapes(network: Network) -> list[tuple[int, int, int]]:
    """(q, k, positions) by layer."""
    return [
        (m.weight_shape[0], m.weight_shape[1] + layer.bias, m.rows_per_sample)
        for m, layer in zip(network.maps, network.layers, strict=True)
    ]


def _chunks(method: Consistent, network: Network, rows: int) -> int:
    width = max(m.weight_shape[1] for m in network.maps)
    return -(-rows // method.rows(rows, width))


def _sensitive(network: Network) -> list[int]:
    """Widths of the layers whose sensitivity is computed."""
    lowest = min(
        (i for i, s in enumerate(network.structures) if not s.free),
        default=len(network.layers),
    )
    maps = network.maps
    return [
        maps[i].weight_shape[1]
        for i in range(lowest + 1, len(maps))
        if isinstance(maps[i], DenseMap) and isinstance(maps[i - 1], DenseMap)
    ]


def _consistent(
    method: Consistent, network: Network, rows: int, solver: Solver
) -> tuple[int, int]:
    each = sum(k * k + q * k for q, k, _ in _shapes(network))
    each += sum(p * p for p in _sensitive(network))
    if isinstance(solver.loss, CrossEntropy):
        each += network.maps[-1].d_out ** 2
    through = [m for m in network.maps[1:] if not isinstance(m, DenseMap)]
    chunks = _chunks(method, network, rows)
    trials = 1 if chunks == 1 else 2
    numbers = chunks * (each + 2 * len(through)) + 4 + trials
    return numbers, chunks * (2 + len(through)) + 4 + trials


def _consistent_flops(
    method: Consistent, network: Network, rows: int, n: int
) -> float:
    chunks = _chunks(method, network, rows)
    trials = 1 if chunks == 1 else 2
    total = 0.0
    for i, (q, k, positions) in enumerate(_shapes(network)):
        m = n * positions
        total += 2 * m * q * k * (2 + trials) + 2 * m * k * k
        total += chunks * (k**3 / 3 + 2 * q * k * k)
        if i > 0:
            p = network.maps[i].weight_shape[1]
            small = min(p, q)
            total += 2 * m * p * q
            total += chunks * (4 * p * q * small + small**3 / 3)
    return total + sum(2.0 * n * p * p for p in _sensitive(network))
