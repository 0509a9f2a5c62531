"""Run an experiment of the paper, ours and the baselines' beside it.

Prints one table: the figure the authors' runs gave, the paper's method with
its settings, the default method, and what one would use instead. Every run
leaves a record (JSON) and its weights (npz) in the folder --out; a run that
was cut goes on where it was, and one that has its record is not run again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

__all__ = ["add_arguments", "run"]

# Those of nnbcd.experiments.BY_NAME, without importing it for --help.
NAMES = (
    "digits",
    "mnist-cnn",
    "har-4",
    "har-5",
    "lenet-flares",
    "inits",
    "hyperparameters",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``reproduce``."""
    add = parser.add_argument
    add("experiment", choices=NAMES, help="which; digits needs no download")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--quick",
        action="store_true",
        help="minutes on two cores: fewer sweeps (the default)",
    )
    length.add_argument(
        "--full", action="store_true", help="as many sweeps as the paper"
    )
    add(
        "--length",
        type=int,
        metavar="N",
        help="sweeps or epochs of every arm, instead of those planned",
    )
    add("--device", help="cpu, cuda, cuda:1, ...; default: cpu")
    add(
        "--seeds",
        type=int,
        nargs="+",
        metavar="SEED",
        help="one run each; default: 0, with --full 0 1 2",
    )
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        help="methods by name; default: all of this length",
    )
    add(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="of the records; default: runs/EXPERIMENT, quick or full in it",
    )
    add(
        "--compact",
        type=Path,
        metavar="FOLDER",
        help="write compact records to FOLDER/EXPERIMENT as well",
    )
    add("--fresh", action="store_true", help="run again what has its record")
    add(
        "--checkpoint-every",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="least time between two checkpoints",
    )
    add(
        "--blocks",
        action="store_true",
        help="keep every block update in the record",
    )
    add("--quiet", action="store_true", help="no progress on stderr")
    add("--json", action="store_true", help="the results as JSON")


def run(options: argparse.Namespace) -> int:
    """Run the arms and print the table; 1 if a certificate does not hold."""
    from nnbcd.experiments import BY_NAME, RunPlan, reproduce
    from nnbcd.experiments.table import print_table

    experiment = BY_NAME[options.experiment]
    quick = not options.full
    length = "quick" if quick else "full"
    plan = RunPlan(
        options.out or Path("runs", experiment.name, length),
        quick,
        options.seeds or ((0,) if quick else (0, 1, 2)),
        options.arms,
        options.device,
        options.fresh,
        options.blocks,
        options.quiet,
        options.checkpoint_every,
        options.length,
    )
    records = reproduce(experiment, plan)
    for record in records if options.compact is not None else ():
        name = record.run + ("-quick" if record.quick else "")
        path = options.compact / experiment.name / f"{name}.json"
        record.compact().write(path)
    if options.json:
        report = [
            {"run": r.run, "method": r.method, "settings": r.settings}
            | {"result": r.result, "certificate": r.certificate}
            for r in records
        ]
        print(json.dumps(report))
    else:
        print_table(experiment, records)
        print(f"Records: {plan.out}")
    return 1 if any(r.verdict == "NO" for r in records) else 0
