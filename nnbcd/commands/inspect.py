"""Show what a saved model stores, computes and takes, beside a dense one.

Reads what ``train --save FILE`` or ``nnbcd.save`` wrote. Bytes count indices;
flops are those of one sample; latency is measured here and now, the median of
repeats that take turns with a dense network of the same widths.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``inspect``."""
    add = parser.add_argument
    add("file", type=Path, help="the saved model")
    add(
        "--batch",
        type=int,
        nargs="*",
        default=[1, 256],
        metavar="N",
        help="batch sizes to time; none: nothing is timed",
    )
    add("--repeats", type=int, default=15, help="measurements of each")
    add("--threads", type=int, help="threads of torch; default: as it is")
    add("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    """Print the figures, and what they mean."""
    import torch

    from nnbcd.deploy import load, report
    from nnbcd.deploy.header import read_header

    for name in ("threads", "repeats"):
        value = getattr(options, name)
        if value is not None and value < 1:
            msg = f"--{name} must be at least 1, got {value}."
            raise ValueError(msg)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    model = load(options.file)
    found = report(
        model, batches=tuple(options.batch), repeats=options.repeats
    )
    size = options.file.stat().st_size
    data = read_header(options.file).data
    facts = found.to_dict() | {
        "file_bytes": size,
        "header_bytes": size - data,
    }
    if options.json:
        print(json.dumps(facts))
    else:
        _print(facts)
    return 0


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("layer")
    table.add_column("stored as", max_width=24)
    names = ["bytes", "of dense", "flops", "of dense"]
    batches = list(facts["total"]["latency"])
    names += [f"\u00b5s at {n}" for n in batches]
    for name in names:
        table.add_column(name, justify="right")
    for row in (*facts["layers"], facts["total"]):
        cells = [
            f"{row['stored_bytes']:,}",
            _share(row["stored_bytes"], row["dense_bytes"]),
            f"{row['flops']:,}",
            _share(row["flops"], row["dense_flops"]),
        ]
        for latency in row["latency"].values():
            here, dense = latency["seconds"], latency["dense_seconds"]
            cells.append(f"{1e6 * here:,.0f} / {1e6 * dense:,.0f}")
        table.add_row(row["name"], row["kind"], *cells)
    Console(width=100).print(table)
    print()
    if batches:
        print(
            f"\u00b5s: this model / a dense one, medians, on "
            f"{facts['machine']}, {facts['threads']} thread(s)."
        )
    print(
        f"The file: {facts['file_bytes']:,} bytes, "
        f"{facts['header_bytes']:,} of them its header."
    )
    for sentence in facts["sentences"]:
        print(sentence)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}"
