"""Compare with neighbouring methods: plain BCD, low rank by gradients."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from benchmarks.data import load
from benchmarks.neighbour_cases import CASES, Neighbours
from benchmarks.store import provenance
from nnbcd import Result, Solver
from nnbcd.baselines import (
    AdamResult,
    best_rate,
    plain_bcd,
    spectral_low_rank,
    train,
)
from nnbcd.datasets import Dataset

__all__ = ["COLUMNS", "METHODS", "cells", "plan", "quick", "run_case"]

COLUMNS = (
    "case",
    "method",
    "stored",
    "test by seed",
    "median",
    "s",
    "lr",
    "rises",
)
Row = dict[str, Any]


def quick(options: argparse.Namespace) -> None:
    """One seed."""
    options.seeds = options.seeds[:1]


def plan(options: argparse.Namespace) -> Sequence[Neighbours]:
    """The cases asked for; ``--quick``: digits, and shorter runs."""
    cases = [
        case
        for case in CASES
        if (not options.quick or case.data == "digits")
        and (not options.only or case.name in options.only)
    ]
    if options.quick:
        cases = [
            replace(case, sweeps=10, epochs=20, plain_sweeps=20)
            for case in cases
        ]
    return cases


def run_case(case: Neighbours, options: argparse.Namespace) -> Row:
    """Train ``case`` by each of its methods, from every seed.

    Parameters
    ----------
    case : Neighbours
    options : Namespace
        ``seeds`` and ``device``.

    Raises
    ------
    FileNotFoundError
        If the data are not at hand.
    """
    data = load(case.data)
    origin = provenance(options.device)
    lines = []
    for name in case.methods:
        line = METHODS[name](case, data, options)
        line["method"] = name
        for key in ("accuracy", "seconds"):
            line[key] = median(run[key][-1] for run in line["runs"])
        print(
            f"  {case.name}, {name}: {line['accuracy']:.4f} in "
            f"{line['seconds']:.1f} s",
            file=sys.stderr,
        )
        lines.append(line)
    return {
        "name": case.name,
        "data": case.data,
        "rows": len(data.x_train),
        "network": repr(case.network),
        "parameters": case.network.parameters,
        "dense_parameters": case.network.dense_parameters,
        "methods": lines,
        "provenance": origin,
    }


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

    return {"runs": [_bcd_run(fit(seed), seed) for seed in options.seeds]}


def _plain(**settings: Any) -> Method:
    """Plain BCD; without settings, those of its authors' code."""

    def run(
        case: Neighbours, data: Dataset, options: argparse.Namespace
    ) -> Row:
        runs = [
            plain_bcd(
                case.network,
                *_training(data),
                validation=_test(data),
                sweeps=case.plain_sweeps,
                dtype="float32",
                device=options.device,
                seed=seed,
                **settings,
            )
            for seed in options.seeds
        ]
        pairs = zip(runs, options.seeds, strict=True)
        return {"settings": settings, "runs": [_bcd_run(*p) for p in pairs]}

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
        runs = []
        for seed in options.seeds:
            result = train_by(
                case.network,
                *_training(data),
                validation=_test(data),
                lr=search.lr,
                seed=seed,
                **settings,
            )
            runs.append(
                {
                    "seed": seed,
                    "parameters": result.parameters,
                    "seconds": [r.seconds for r in result.records],
                    "accuracy": [r.accuracy for r in result.records],
                }
            )
        tried = zip(search.rates, search.held_out, strict=True)
        return {"lr": search.lr, "tried": list(tried), "runs": runs}

    return run


def _bcd_run(result: Result, seed: int) -> Row:
    sweeps = result.history.sweeps
    return {
        "seed": seed,
        "parameters": result.parameters,
        "seconds": np.cumsum([s.seconds for s in sweeps]).tolist(),
        "accuracy": [s.validation_accuracy for s in sweeps],
        "objective_increases": result.history.objective_increases,
    }


def _training(data: Dataset) -> tuple[Any, Any]:
    return data.x_train, data.y_train


def _test(data: Dataset) -> tuple[Any, Any]:
    return data.x_test, data.y_test


Method = Callable[[Neighbours, Dataset, argparse.Namespace], Row]
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
    "plain BCD, as published": _plain(),
    "plain BCD, our start": _plain(**OUR_START),
    "Adam": _adam(train),
    "Adam, random factors": _adam(train),
    "Adam, spectral start": _adam(spectral_low_rank),
}


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for every method of a row."""
    lines = []
    for k, line in enumerate(row["methods"]):
        runs = line["runs"]
        rises = [run.get("objective_increases") for run in runs]
        lines.append(
            [
                row["name"] if k == 0 else "",
                line["method"],
                f"{runs[0]['parameters']:,}",
                " ".join(f"{run['accuracy'][-1]:.3f}" for run in runs),
                f"{line['accuracy']:.4f}",
                f"{line['seconds']:.1f}",
                f"{line['lr']:g}" if "lr" in line else "",
                "" if None in rises else str(sum(rises)),
            ]
        )
    return lines
