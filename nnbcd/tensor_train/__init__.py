r"""Tensor trains: the format, TT-SVD, rounding and one-core-at-a-time ALS.

A tensor of shape :math:`n_1 \times \dots \times n_d` is a tensor train of
ranks :math:`r_1, \dots, r_{d-1}` when it is a product of cores,

.. math::

    T[i_1, \dots, i_d] = C_1[:, i_1, :]\, C_2[:, i_2, :] \cdots
    C_d[:, i_d, :],

with core k of shape :math:`(r_{k-1}, n_k, r_k)` and :math:`r_0 = r_d = 1`.
Source: Oseledets (2011); alternating least squares (ALS): Holtz, Rohwedder
and Schneider (2012).
"""

from nnbcd.tensor_train.cores import TTCores
from nnbcd.tensor_train.decomposition import round, svd
from nnbcd.tensor_train.fitting import als, minimise
from nnbcd.tensor_train.ranks import (
    feasible_ranks,
    largest_cap,
    parameter_count,
    rank_for_ratio,
)
from nnbcd.tensor_train.tangent_space import gauss_newton, tangent

__all__ = [
    "TTCores",
    "als",
    "feasible_ranks",
    "gauss_newton",
    "largest_cap",
    "minimise",
    "parameter_count",
    "rank_for_ratio",
    "round",
    "svd",
    "tangent",
]
