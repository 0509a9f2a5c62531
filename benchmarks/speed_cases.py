"""The networks whose sweeps are timed."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import networks
from nnbcd import Network, Penalties, TensorTrain

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A network of the paper with its settings.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        Data set; without it random numbers of the same shape serve.
    rows, labels : int
        Training rows, and classes.
    network : Network
        Without biases.
    penalties : Penalties
        As published.
    published : str
        Seconds a sweep in the authors' logs, on their GPU.
    tf32 : bool
        Whether a GPU may round the factors of float32 products to TF32.
    dtype : str
        Number type of the sweep.
    plain : bool
        Whether the published procedure knows such a network: it has no
        sparse layers.
    """

    name: str
    data: str
    rows: int
    labels: int
    network: Network
    penalties: Penalties
    published: str = ""
    tf32: bool = False
    dtype: str = "float32"
    plain: bool = True


HAR = (networks.har_trains(80, bias=False), Penalties(0.5, 0.5, 5.0, 1.0))
HAR_5 = (networks.har_trains(80, 5, bias=False), HAR[1])
CNN = (networks.cnn(40, bias=False), Penalties(5.0, 5.0, 0.1, 1.0))
CASES = (
    Case("har", "har", 7352, 6, *HAR, "1.2 - 2.6"),
    Case("har-tf32", "har", 7352, 6, *HAR, "1.2 - 2.6", tf32=True),
    Case("har-5", "har", 7352, 6, *HAR_5),
    Case("cnn", "mnist", 6000, 10, *CNN, "7.1 - 8.5"),
    Case("cnn-tf32", "mnist", 6000, 10, *CNN, "7.1 - 8.5", tf32=True),
    Case(
        "flares",
        "flares",
        8114,
        2,
        networks.flares(bias=False),
        Penalties(100.0, 1.0, 200.0, 1.0),
        dtype="float64",
        plain=False,
    ),
    Case(
        "digits",
        "digits",
        1400,
        10,
        networks.digits(TensorTrain(24), bias=False),
        Penalties(),
    ),
)
