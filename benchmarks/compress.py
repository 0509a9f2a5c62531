"""Compress pretrained models: beside truncation and magnitude pruning."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks.data import load
from benchmarks.pretrained_models import MODELS, images
from benchmarks.selection import one_seed as quick
from benchmarks.selection import selected
from benchmarks.store import provenance
from nnbcd import LowRank, Sparse, TensorTrain, compress
from nnbcd._typing import Tensor
from nnbcd.pretrained import Compressed
from nnbcd.structures import Structure

__all__ = ["CASES", "COLUMNS", "Case", "cells", "plan", "quick", "run_case"]

CALIBRATION = 1000  # rows of the training part at most, no labels
COLUMNS = (
    "case",
    "weights",
    "method",
    "stored",
    "points lost",
    "median",
    "of plain",
    "output error",
    "s",
)
# What one would do without data: the same sets, the weight alone.
PLAIN = {
    "low rank": "truncated SVD",
    "trains": "TT-SVD",
    "zeros": "magnitude pruning",
}
FAMILIES: dict[str, Structure] = {
    "low rank": LowRank(1),
    "trains": TensorTrain(1),
    "zeros": Sparse(0.5),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A model at a size.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        A name that :func:`nnbcd.datasets.load` knows.
    model : str
        A key of ``MODELS``.
    ratio : float
        Stored over dense numbers.
    rows : int
        Of the training part, without labels, to fit with.
    families : tuple of str
        Keys of ``FAMILIES``.
    """

    name: str
    data: str
    model: str
    ratio: float
    rows: int = CALIBRATION
    families: tuple[str, ...] = tuple(FAMILIES)


CASES = (
    Case("mnist-cnn-25", "mnist", "mnist-cnn", 0.25),
    Case(
        "mnist-cnn-25-rows",
        "mnist",
        "mnist-cnn",
        0.25,
        rows=5 * CALIBRATION,
        families=("low rank",),
    ),
    Case("mnist-cnn-10", "mnist", "mnist-cnn", 0.10),
    Case("digits-cnn-25", "digits", "digits-cnn", 0.25),
    Case("digits-transformer-25", "digits", "digits-transformer", 0.25),
)


def plan(options: argparse.Namespace) -> Sequence[Case]:
    """The cases asked for; ``--quick``: digits."""
    return selected(CASES, options)


def run_case(case: Case, options: argparse.Namespace) -> Row:
    """Train the model from every seed and compress it each way.

    Parameters
    ----------
    case : Case
    options : Namespace
        ``seeds`` and ``device``.

    Raises
    ------
    FileNotFoundError
        If the data are not at hand.
    """
    data = load(case.data)
    origin = provenance(options.device)
    side = isqrt(data.features)
    x = images(data.x_train[: case.rows], side).to(options.device)
    test = images(data.x_test, side).to(options.device)
    labels = torch.as_tensor(data.y_test, device=options.device)
    runs: dict[tuple[str, str], list[Row]] = {}
    dense = []
    for seed in options.seeds:
        model = MODELS[case.model](data, seed).to(options.device)
        before = _accuracy(model, test, labels)
        dense.append(before)
        for name in case.families:
            family = FAMILIES[name]
            ours = compress(model, x, family, ratio=case.ratio)
            sizes = {layer.name: layer.structure for layer in ours.layers}
            plain = compress(
                model, x, family, ratio=case.ratio, metric="weights"
            )
            same = compress(model, x, sizes, metric="weights")
            for method, small in (
                ("ours", ours),
                ("plain", plain),
                ("plain, our sizes", same),
            ):
                run = _run(small, before, test, labels, seed)
                runs.setdefault((name, method), []).append(run)
                print(
                    f"  {case.name} seed {seed} {name} {method}: "
                    f"{run['lost']:+.2f} points, {run['seconds']:.1f} s",
                    file=sys.stderr,
                )
    return {
        "name": case.name,
        "data": case.data,
        "model": case.model,
        "ratio": case.ratio,
        "calibration": len(x),
        "dense_accuracy": dense,
        "lines": [
            {
                "weights": name,
                "method": method,
                "lost": median(run["lost"] for run in found),
                "error": median(run["error"] for run in found),
                "runs": found,
            }
            for (name, method), found in runs.items()
        ],
        "provenance": origin,
    }


def _run(
    small: Compressed, before: float, test: Tensor, labels: Tensor, seed: int
) -> Row:
    after = _accuracy(small.module, test, labels)
    return {
        "seed": seed,
        "accuracy": after,
        "lost": 100 * (before - after),
        "error": small.error,
        "parameters": small.parameters,
        "dense_parameters": small.dense_parameters,
        "bytes": small.bytes,
        "dense_bytes": small.dense_bytes,
        "seconds": small.seconds,
    }


@torch.no_grad()
def _accuracy(model: nn.Module, test: Tensor, labels: Tensor) -> float:
    parts = [model(part).argmax(1) for part in torch.split(test, 1000)]
    return float((torch.cat(parts) == labels).double().mean())


def cells(row: Row) -> list[list[str]]:
    """A line of the printed table for each kind of weight and method."""
    plain = {
        line["weights"]: line["lost"]
        for line in row["lines"]
        if line["method"] == "plain"
    }
    lines = []
    for k, line in enumerate(row["lines"]):
        kind, method = line["weights"], line["method"]
        share = ""
        if method == "ours" and plain[kind] > 0:
            share = f"{line['lost'] / plain[kind]:.2f}"
        runs = line["runs"]
        stored = median(run["parameters"] for run in runs)
        lines.append(
            [
                row["name"] if k == 0 else "",
                kind,
                method.replace("plain", PLAIN[kind]),
                f"{stored:,.0f}",
                " ".join(f"{run['lost']:.2f}" for run in runs),
                f"{line['lost']:.2f}",
                share,
                f"{line['error']:.3f}",
                f"{median(run['seconds'] for run in runs):.1f}",
            ]
        )
    return lines
