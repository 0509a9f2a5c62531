"""Compress a saved model, layer by layer, with the rows of a data set.

Reads what ``train --save FILE`` or ``nnbcd.save`` wrote. Each layer is fitted
to what it put out before, on training rows without their labels; the report
shows size, error of the outputs, and accuracy before and after.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

__all__ = ["add_arguments", "run"]

FAMILIES = ("lowrank", "sparse", "tt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``compress``."""
    add = parser.add_argument
    add("file", type=Path, help="the saved model")
    add(
        "--data",
        required=True,
        help="a data set by name, or an .npz file, as for train",
    )
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument(
        "--ratio", type=float, help="stored share of all numbers, as 0.25"
    )
    size.add_argument(
        "--tolerance",
        type=float,
        help="relative error of outputs that every layer may have",
    )
    add(
        "--structure",
        choices=FAMILIES,
        default="lowrank",
        help="what the weights become",
    )
    add(
        "--metric",
        choices=("outputs", "layer", "weights"),
        default="outputs",
        help="what the fit looks at; weights: no data, plain truncation",
    )
    add("--rows", type=int, default=1000, help="training rows to fit with")
    add("--refine", type=int, default=0, metavar="SWEEPS", help="afterwards")
    for name in ("include", "exclude"):
        add(
            f"--{name}",
            nargs="+",
            default=None,
            metavar="PATTERN",
            help=f"layers to {name}, by name",
        )
    add("--save", type=Path, metavar="FILE", help="write the result here")
    add("--quiet", action="store_true", help="no progress bar")
    add("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    """Compress, save, and print the account."""
    from dataclasses import asdict

    import torch

    from nnbcd.checks import count
    from nnbcd.datasets import load as load_data
    from nnbcd.deploy import load, save
    from nnbcd.deploy.sample import sample_for
    from nnbcd.deploy.units import units
    from nnbcd.pretrained import compress
    from nnbcd.structures import LowRank, Sparse, TensorTrain

    count("--rows", options.rows)
    model = load(options.file)
    data = load_data(options.data)
    parts = list(units(model))
    if not parts:
        msg = f"{options.file} has no layer with a weight: nothing to do."
        raise ValueError(msg)
    like = next(model.parameters())
    shape = sample_for(model, parts[0][1]).shape[1:]
    if shape.numel() != data.features:
        msg = (
            f"--data: {options.data} has {data.features} features a row, "
            f"but the model takes {shape.numel()}."
        )
        raise ValueError(msg)
    rows = torch.tensor(data.x_train[: options.rows]).to(like)
    family = {
        "lowrank": LowRank(1),
        "sparse": Sparse(0.5),
        "tt": TensorTrain(1),
    }[options.structure]
    small = compress(
        model,
        rows.reshape(-1, *shape),
        family,
        ratio=options.ratio,
        tolerance=options.tolerance,
        metric=options.metric,
        include=options.include,
        exclude=options.exclude or (),
        refine=options.refine,
        progress=not options.quiet,
    )
    test = torch.tensor(data.x_test).to(like).reshape(-1, *shape)
    before, after = (
        _accuracy(m, test, data.y_test, data.y_train)
        for m in (model, small.module)
    )
    if options.save is not None:
        save(small.module, options.save)
    if options.json:
        facts = {
            "parameters": small.parameters,
            "dense_parameters": small.dense_parameters,
            "bytes": small.bytes,
            "dense_bytes": small.dense_bytes,
            "error": small.error,
            "accuracy": after,
            "accuracy_before": before,
            "seconds": small.seconds,
            "layers": [
                asdict(layer) | {"structure": repr(layer.structure)}
                for layer in small.layers
            ],
            "left": dict(small.left),
        }
        print(json.dumps(facts))
        return 0
    print(small)
    print(f"test accuracy {after:.4f}, before {before:.4f}")
    return 0


def _accuracy(model: Any, x: Any, y: Any, known: Any) -> float:
    """Share of labels that the largest output names."""
    import numpy as np
    import torch

    with torch.no_grad():
        parts = [model(part).argmax(1) for part in torch.split(x, 1000)]
    best = torch.cat(parts)
    classes = getattr(model, "classes", None)
    if classes is None:
        classes = torch.tensor(np.unique(known))
    if int(best.max()) >= len(classes):
        msg = "the model has more outputs than --data has classes."
        raise ValueError(msg)
    return float(np.mean(classes[best].numpy() == np.asarray(y)))
