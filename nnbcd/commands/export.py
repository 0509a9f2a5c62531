"""Export a saved model to ONNX, and compare what onnxruntime makes of it.

Needs the extra ``onnx``: pip install 'nnbcd[onnx]'. The exit code is 1 if
the outputs differ by more than rounding.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

__all__ = ["add_arguments", "run"]

ROWS = 7  # of the comparison
WORST = 1e-4  # relative difference that rounding does not reach


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``export``."""
    add = parser.add_argument
    add("file", type=Path, help="the saved model")
    add("--onnx", type=Path, required=True, metavar="OUT", help="to write")
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="precision of the exported model",
    )
    add("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    """Write the file and print how far its outputs are from the model's."""
    import torch

    from nnbcd.deploy import export_onnx, load, onnx_difference
    from nnbcd.deploy.sample import sample_for
    from nnbcd.deploy.units import units

    model = load(options.file).to(getattr(torch, options.dtype))
    parts = list(units(model))
    if not parts:
        msg = f"{options.file} has no layer with a weight: nothing to export."
        raise ValueError(msg)
    shape = sample_for(model, parts[0][1]).shape[1:]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, *shape, generator=generator)
    x = x.to(next(model.parameters()))
    try:
        export_onnx(model, options.onnx, x)
        gap = onnx_difference(model, options.onnx, x)
    except ImportError as error:
        raise ValueError(str(error)) from None
    with torch.no_grad():
        size = float(model(x).abs().max())
    facts = {
        "onnx": str(options.onnx),
        "file_bytes": options.file.stat().st_size,
        "onnx_bytes": options.onnx.stat().st_size,
        "largest_difference": gap,
        "largest_output": size,
    }
    if options.json:
        print(json.dumps(facts))
    else:
        print(
            f"{options.onnx}: {facts['onnx_bytes']:,} bytes "
            f"({options.file}: {facts['file_bytes']:,})."
        )
        print(
            f"onnxruntime differs by at most {gap:.1e} on {ROWS} random "
            f"rows, where outputs reach {size:.2g}."
        )
    return 0 if gap <= WORST * max(1.0, size) else 1
