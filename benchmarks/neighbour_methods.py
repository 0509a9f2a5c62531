"""How each of the neighbouring methods is run and what is kept of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch

from benchmarks.clock import Stopwatch
from benchmarks.neighbour_cases import Neighbours
from nnbcd import Result, Solver
from nnbcd.baselines import (
    AdamResult,
    best_rate,
    plain_bcd,
    spectral_low_rank,
    train,
)
from nnbcd.datasets import Dataset

__all__ = ["METHODS", "OUR_START", "Method"]

Row = dict[str, Any]
T = TypeVar("T")
Method = Callable[[Neighbours, Dataset, argparse.Namespace], Row]


def _ours(
    case: Neighbours, data: Dataset, options: argparse.Namespace
) -> Row:
    solver = Solver(
        sweeps=case.sweeps,
        dtype="float32",
        device=options.device,
        certify=False,
    )

    def fit(seed: int) -> Result:
        return solver.fit(
            case.network, *_training(data), validation=_test(data), seed=seed
        )

    return {"runs": _bcd_runs(fit, options)}


def _plain(**settings: Any) -> Method:
    """Plain BCD; without settings, those of a public implementation."""

    def run(
        case: Neighbours, data: Dataset, options: argparse.Namespace
    ) -> Row:
        def fit(seed: int) -> Result:
            return plain_bcd(
                case.network,
                *_training(data),
                validation=_test(data),
                sweeps=case.plain_sweeps,
                dtype="float32",
                device=options.device,
                seed=seed,
                **settings,
            )

        return {"settings": settings, "runs": _bcd_runs(fit, options)}

    return run


def _adam(train_by: Callable[..., AdamResult]) -> Method:
    """Adam, its rate the better of two on rows held out of training."""

    def run(
        case: Neighbours, data: Dataset, options: argparse.Namespace
    ) -> Row:
        settings = {"epochs": case.epochs, "device": options.device}
        search = best_rate(
            case.network,
            *_training(data),
            method=train_by,
            seed=options.seeds[0],
            **settings,
        )

        def fit(seed: int) -> AdamResult:
            return train_by(
                case.network,
                *_training(data),
                validation=_test(data),
                lr=search.lr,
                seed=seed,
                **settings,
            )

        runs = []
        for seed, result, processor in _timed(fit, options):
            runs.append(
                {
                    "seed": seed,
                    "parameters": result.parameters,
                    "seconds": [r.seconds for r in result.records],
                    "processor": processor,
                    "accuracy": [r.accuracy for r in result.records],
                }
            )
        tried = zip(search.rates, search.held_out, strict=True)
        return {"lr": search.lr, "tried": list(tried), "runs": runs}

    return run


def _bcd_runs(
    fit: Callable[[int], Result], options: argparse.Namespace
) -> list[Row]:
    runs = []
    for seed, result, processor in _timed(fit, options):
        sweeps = result.history.sweeps
        runs.append(
            {
                "seed": seed,
                "parameters": result.parameters,
                "seconds": np.cumsum([s.seconds for s in sweeps]).tolist(),
                "processor": processor,
                "accuracy": [s.validation_accuracy for s in sweeps],
                "objective_increases": result.history.objective_increases,
            }
        )
    return runs


def _timed(
    fit: Callable[[int], T], options: argparse.Namespace
) -> Iterator[tuple[int, T, float | None]]:
    """Runs with the processor seconds of the whole call; None on a GPU."""
    for seed in options.seeds:
        watch = Stopwatch(torch.device(options.device))
        result = watch("fit", partial(fit, seed))
        used = watch.times.get("processor")
        yield seed, result, used["fit"][0] if used else None


def _training(data: Dataset) -> tuple[Any, Any]:
    return data.x_train, data.y_train


def _test(data: Dataset) -> tuple[Any, Any]:
    return data.x_test, data.y_test


# What Solver takes for the penalty coupling if nothing is said.
OUR_START = {
    "gamma": 0.5,
    "rho": 0.5,
    "alpha": 1.0,
    "initialisation": "kaiming-normal",
    "scale": 0.2,
}
METHODS: dict[str, Method] = {
    "ours": _ours,
    "plain BCD, public settings": _plain(),
    "plain BCD, our start": _plain(**OUR_START),
    "Adam": _adam(train),
    "Adam, random factors": _adam(train),
    "Adam, spectral start": _adam(spectral_low_rank),
}
