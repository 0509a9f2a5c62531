"""What one would use instead: plain NN-BCD, Adam, magnitude pruning.

Baselines are measured beside nnbcd, by ``benchmarks/`` in the repository;
nothing in nnbcd needs them.
"""

from nnbcd.baselines.adam import train
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.naive import PlainProcedure
from nnbcd.baselines.records import AdamRecord, AdamResult

__all__ = [
    "AdamRecord",
    "AdamResult",
    "FactorisedNetwork",
    "PlainProcedure",
    "train",
]
