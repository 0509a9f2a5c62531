"""The cases every block is tested on."""

from typing import Any

import torch

from nnbcd import (
    AbsoluteValue,
    Conv2d,
    CrossEntropy,
    Dense,
    Free,
    HardTanh,
    Hinge,
    Identity,
    LeakyReLU,
    LowRank,
    ReLU,
    ReLU6,
    Sparse,
    Squared,
    TensorTrain,
)

__all__ = [
    "ACTIVATIONS",
    "CASES",
    "DTYPES",
    "LOSSES",
    "PER_LAYER",
    "STRUCTURES",
    "WEIGHTS",
]

ACTIVATIONS = {
    "relu": ReLU(),
    "leaky": LeakyReLU(0.1),
    "identity": Identity(),
    "abs": AbsoluteValue(),
    "hard-tanh": HardTanh(),
    "relu6": ReLU6(),
}
LOSSES = {
    "squared": Squared(),
    "hinge": Hinge(),
    "cross-entropy": CrossEntropy(),
}
STRUCTURES = {
    "free": Free(),
    "sparse": Sparse(0.6),
    "low-rank": LowRank(2),
    "train": TensorTrain(2),
    "rank-one": TensorTrain(1),
}
DTYPES = {"float64": torch.float64, "float32": torch.float32}

# All different and none of them one, so that no mix-up goes unseen.
WEIGHTS: dict[str, Any] = {
    "gamma": 0.7,
    "rho": 1.3,
    "tau": 2.1,
    "alpha": 0.4,
}
PER_LAYER: dict[str, Any] = {
    "gamma": (0.7, 3.0, 0.2),
    "rho": (1.3, 0.6, 2.2),
    "tau": (2.1, 0.3, 9.0),
    "alpha": (0.4, 0.0, 1.7),
    "ridge": (0.0, 0.9, 0.2),
}
ONE_CONV = (
    Conv2d(2, (3, 2), stride=(2, 1), padding=(1, 0)),
    Dense(4),
    Dense(3),
)
TWO_CONVS = (
    Conv2d(2, 2),
    Conv2d(3, (2, 3), stride=(2, 3), padding=(0, 1)),
    Dense(3),
)

OVERLAPPING = (Conv2d(2, 2), Conv2d(2, 3, padding=1), Dense(3))

# What each case changes of: 5-6-4-3, 9 rows, ReLU, free, squared loss.
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "no-bias": {"bias": False},
    "few-rows": {"widths": (9, 12, 11, 3), "n": 4},
    "few-rows-no-bias": {"widths": (9, 12, 11, 3), "n": 4, "bias": False},
    "many-rows": {"n": 40},
    "growing": {"widths": (2, 3, 5, 8)},
    "one-sample": {"n": 1},
    "one-class": {"widths": (5, 6, 4, 1)},
    "width-one": {"widths": (1, 1, 1, 1), "n": 5},
    "ridge": {"weights": {**WEIGHTS, "ridge": 0.8}},
    "per-layer": {"weights": PER_LAYER},
    "no-proximal": {"weights": {**WEIGHTS, "alpha": 0.0}, "n": 30},
    "per-layer-sparse": {"weights": PER_LAYER, "structure": "sparse"},
    "empty-rows": {"edge": "empty", "structure": "sparse"},
    "all-negative": {"edge": "negative"},
    "on-the-kinks": {"edge": "kinks"},
    "conv-first": {"layers": ONE_CONV, "input_shape": (2, 5, 4)},
    "conv-hidden": {"layers": TWO_CONVS, "input_shape": (2, 6, 7)},
    "conv-overlapping": {
        "layers": OVERLAPPING,
        "input_shape": (1, 5, 4),
        "n": 3,
    },
    "conv-one-image": {
        "layers": TWO_CONVS,
        "input_shape": (2, 6, 7),
        "n": 1,
    },
}
CASES |= {f"act-{name}": {"activation": name} for name in ACTIVATIONS}
CASES |= {f"loss-{name}": {"loss": name} for name in LOSSES}
CASES |= {f"str-{name}": {"structure": name} for name in STRUCTURES}
