"""Command line of the benchmarks: ``python -m benchmarks targets``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import adam, compress, neighbours, scaling, speed, targets
from benchmarks.store import RESULTS, save

__all__ = ["main"]


class Benchmark(Protocol):
    """What a module of this package offers."""

    @property
    def COLUMNS(self) -> Sequence[str]:  # noqa: N802
        """Headings of the printed table."""

    def plan(self, options: argparse.Namespace) -> Sequence[Any]:
        """The cases to run, each with a ``name``."""

    def quick(self, options: argparse.Namespace) -> None:
        """Change the options to a run of minutes."""

    def run_case(
        self, case: Any, options: argparse.Namespace
    ) -> dict[str, Any]:
        """Measure one case."""

    def cells(self, row: dict[str, Any]) -> list[list[str]]:
        """The lines of one row in the printed table."""


BENCHMARKS: dict[str, Benchmark] = {
    "targets": targets,
    "speed": speed,
    "adam": adam,
    "neighbours": neighbours,
    "scaling": scaling,
    "compress": compress,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run a benchmark; 0 if it could be run, 2 if the call is wrong."""
    parser = _parser()
    options = parser.parse_args(words)
    benchmark = BENCHMARKS[options.benchmark]
    if options.stored:
        kept = options.out or RESULTS / f"{options.benchmark}.json"
        if not kept.is_file():
            parser.error(f"--stored: there is no file {kept}")
        rows = json.loads(kept.read_text("utf-8"))["rows"]
        if options.only:
            rows = [row for row in rows if row["name"] in options.only]
        _print(benchmark, rows, as_json=options.json)
        return 0
    if options.quick:
        benchmark.quick(options)
    cases = benchmark.plan(options)
    missing = set(options.only) - {case.name for case in cases}
    if missing:
        parser.error(f"--only: there is no {', '.join(sorted(missing))} here")
    rows = []
    path = options.out
    if path is None and not options.quick:
        path = RESULTS / f"{options.benchmark}.json"
    for case in cases:
        print(f"{case.name} ...", file=sys.stderr)
        try:
            row = benchmark.run_case(case, options)
        except FileNotFoundError as error:
            print(f"{case.name} is skipped. {error}", file=sys.stderr)
            continue
        rows.append(row)
        if path is not None:
            save(path, row)
    _print(benchmark, rows, as_json=options.json)
    return 0


def _print(
    benchmark: Benchmark, rows: Sequence[dict[str, Any]], *, as_json: bool
) -> None:
    if as_json:
        print(json.dumps({"rows": rows}))
        return
    table = Table(*benchmark.COLUMNS, box=None, pad_edge=False)
    for row in rows:
        for line in benchmark.cells(row):
            table.add_row(*line)
    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measurements of nnbcd; see benchmarks/README.md.",
    )
    kinds = parser.add_subparsers(dest="benchmark", required=True)
    for name, benchmark in BENCHMARKS.items():
        text = (benchmark.__doc__ or "").splitlines()[0]
        kind = kinds.add_parser(name, help=text, description=text)
        _add_common(kind)
        add = getattr(benchmark, "add_arguments", None)
        if add is not None:
            add(kind)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--quick", action="store_true", help="minutes, embedded data only")
    add(
        "--only",
        "--case",
        nargs="+",
        default=[],
        metavar="NAME",
        help="these cases",
    )
    add("--json", action="store_true", help="for machines")
    add(
        "--stored",
        action="store_true",
        help="run nothing: show the rows kept in --out",
    )
    add(
        "--seeds",
        type=int,
        nargs="+",
        default=[0, 1, 2],
        help="starting points; a result is the median over them",
    )
    add(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="where to compute; default: a GPU if there is one",
    )
    add(
        "--out",
        type=Path,
        help="where to keep the rows; default: benchmarks/results, and "
        "nowhere with --quick",
    )


if __name__ == "__main__":
    sys.exit(main())
