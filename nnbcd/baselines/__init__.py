"""What one would use instead: Adam, pruning, low rank, BCD uncompressed.

Baselines are measured beside nnbcd, by ``benchmarks/`` in the repository;
nothing in nnbcd needs them. Each takes the same network and stores the same
numbers:

* :func:`train`: Adam on the cores, the factors, the kept entries; on all
  entries where nothing is compressed.
* :func:`magnitude_pruning`: dense Adam, then the largest entries, one-shot
  or with retraining.
* :func:`spectral_low_rank`: Adam on factors that start from the truncated
  SVD of the dense start, with weight decay on their product.
* :func:`plain_bcd`: block coordinate descent without compression.
* :class:`PlainProcedure`: the published NN-BCD, with no care for speed.

:func:`best_rate` chooses a learning rate on rows held out of training.
"""

from nnbcd.baselines.adam import train
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.magnitude import magnitude_pruning
from nnbcd.baselines.naive import PlainProcedure
from nnbcd.baselines.plain import plain_bcd
from nnbcd.baselines.rates import RateSearch, best_rate
from nnbcd.baselines.records import AdamRecord, AdamResult
from nnbcd.baselines.spectral import spectral_low_rank

__all__ = [
    "AdamRecord",
    "AdamResult",
    "FactorisedNetwork",
    "PlainProcedure",
    "RateSearch",
    "best_rate",
    "magnitude_pruning",
    "plain_bcd",
    "spectral_low_rank",
    "train",
]
