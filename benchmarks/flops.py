r"""Floating-point operations that a penalty sweep cannot do without.

For a layer with weight (q, p) and m regression rows (N samples; times the
positions of a convolution), an addition and a multiplication counting two:

===================================  =====================================
affine image V W^T                   2 m p q
residual product (U - B)^T V         2 m p q
Gram matrix V^T V                    2 m p^2, not for the first layer
V below, d x d system, d = p <= q    2 N p q + 2 N p^2, 2 q p^2 + p^3 / 3
the same by the smaller system       4 N p q + 2 N q^2, 2 p q^2 + q^3 / 3
W solve                              2 q p^2, and p^3 / 3 but for layer 1
TT-SVD, one bond, unfolding (a, b)   2 a^2 b + 9 a^3 in float64, 2 a b r
train to matrix, one core            2 (entries so far) r n
===================================  =====================================

A hidden square layer costs 10 N d^2 and O(d^3). Float64 operations count
twice. 9 a^3 is the usual count of a symmetric eigenproblem with vectors
(Golub and Van Loan, *Matrix Computations*). Symmetric products are counted
in full, as a plain program computes them (ours: 5/8). The objective and
everything elementwise count nothing.
"""

from __future__ import annotations

from math import prod

from nnbcd import Problem
from nnbcd.structures import TensorTrain
from nnbcd.tensor_train import feasible_ranks

__all__ = ["sweep_flops"]


def sweep_flops(problem: Problem) -> dict[str, float]:
    """Operations of one sweep, in three parts.

    Parameters
    ----------
    problem : Problem
        N samples, penalty coupling with ``g_step="svd"``.

    Returns
    -------
    dict
        ``rows``, the products with N in them; ``solves``, those with d^3;
        ``trains``, TT-SVD and back.
    """
    n, rows, solves, trains = len(problem.x), 0.0, 0.0, 0.0
    for i, linear in enumerate(problem.maps):
        q, p = linear.weight_shape
        m = n * linear.rows_per_sample
        rows += 4 * m * p * q
        solves += 2 * q * p * p
        if i > 0:
            rows += 2 * m * p * p
            solves += p**3 / 3
            small = min(p, q)
            products = 2 if q < p else 1
            rows += 2 * n * p * q * products + 2 * n * small * small
            solves += 2 * p * q * small + small**3 / 3
        structure = problem.network.structures[i]
        if isinstance(structure, TensorTrain):
            trains += _train_flops(structure, (q, p))
    return {"rows": rows, "solves": solves, "trains": trains}


def _train_flops(structure: TensorTrain, shape: tuple[int, int]) -> float:
    modes = structure.tensor_shape(shape)
    ranks = (1, *feasible_ranks(modes, structure.rank), 1)
    total = 0.0
    for k, n in enumerate(modes):
        before, after = ranks[k], ranks[k + 1]
        built = prod(modes[:k])
        total += 2.0 * built * before * n * after if k else 0.0
        a, b = before * n, prod(modes[k + 1 :])
        if k == len(modes) - 1 or after >= a:
            continue  # the last core, and bonds that cut nothing
        short, long = min(a, b), max(a, b)
        total += 2 * (2.0 * short * short * long + 9.0 * short**3)
        total += 2.0 * a * b * after
    return total
