"""The sets M_i a weight must lie in: free, sparse, low rank, tensor train.

A structure knows how to *project* a matrix on its set, how to *refine* a
member of the set towards a target without ever getting farther from it, and
how many numbers a member stores.
"""

from nnbcd.structures.base import Structure, StructuredMatrix
from nnbcd.structures.free import Free
from nnbcd.structures.low_rank import LowRank
from nnbcd.structures.sparse import Sparse
from nnbcd.structures.train import TensorTrain, factorise

__all__ = [
    "Free",
    "LowRank",
    "Sparse",
    "Structure",
    "StructuredMatrix",
    "TensorTrain",
    "factorise",
]
