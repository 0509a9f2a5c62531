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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnbcd.experiments import Experiment, RunRecord

__all__ = ["add_arguments", "run"]

# Those of nnbcd.experiments.BY_NAME, without importing it for --help.
NAMES = (
    "digits",
    "mnist-cnn",
    "har-4",
    "har-5",
    "lenet-flares",
    "inits",
    "har-5-inits",
    "cnn-inits",
    "flares-inits",
    "hyperparameters",
    "har-5-grid",
    "cnn-grid",
    "flares-grid",
    "decompositions",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``reproduce``."""
    add = parser.add_argument
    add(
        "experiment",
        nargs="?",
        metavar="EXPERIMENT",
        help=f"{', '.join(NAMES)}; digits needs no download",
    )
    add(
        "--status",
        action="store_true",
        help="print what is reproduced and how far, from the stored records",
    )
    add(
        "--start",
        choices=("own", "released"),
        default="own",
        help="own: random weights (the default); released: the weights and "
        "rows of the authors' GPU run, their log printed beside ours",
    )
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
        help="one run each; default: 0, with --full 0 1 2; from the released "
        "start 10, the authors' own",
    )
    add(
        "--arms",
        nargs="+",
        metavar="ARM",
        help="methods by name; default: all of this length; penalty is the "
        "paper's with the G step of the released code, penalty-guarded and "
        "penalty-als have ours",
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
    """Run the arms and print the table; 1 if a promise is not kept.

    The paper's own G step promises no descent, so its certificate may say
    no without an error.
    """
    from nnbcd.experiments import RunPlan, reproduce
    from nnbcd.experiments.compare import beside_log, print_comparison
    from nnbcd.experiments.table import print_table

    if options.status:
        from nnbcd.experiments.status import print_status

        print_status(as_json=options.json)
        return 0
    theirs = options.start == "released"
    experiment, arms = _chosen(options.experiment, options.arms, theirs)
    quick = not options.full
    length = "quick" if quick else "full"
    seeds = (10,) if theirs else (0,) if quick else (0, 1, 2)
    plan = RunPlan(
        options.out or Path("runs", experiment.name, length),
        quick,
        options.seeds or seeds,
        arms,
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
            | ({"sweeps": beside_log(r)} if theirs else {})
            for r in records
        ]
        print(json.dumps(report))
    elif theirs:
        for record in records:
            print_comparison(record)
        print(f"Records: {plan.out}")
    else:
        print_table(experiment, records)
        print(f"Records: {plan.out}")
    return 0 if all(map(_kept, records)) else 1


def _chosen(
    name: str | None, arms: list[str] | None, theirs: bool
) -> tuple[Experiment, list[str] | None]:
    """The experiment asked for, from the start asked for, and its arms."""
    from nnbcd.experiments import BY_NAME
    from nnbcd.experiments.variants import RELEASED

    if name not in BY_NAME:
        said = "name one" if name is None else f"not {name!r}"
        msg = f"experiments are {', '.join(BY_NAME)}: {said}."
        raise ValueError(msg)
    experiment = BY_NAME[name]
    if not theirs:
        return experiment, arms
    if experiment.released is None:
        known = [n for n, e in BY_NAME.items() if e.released is not None]
        msg = (
            f"--start released is known for {', '.join(known)}, not for "
            f"{name}."
        )
        raise ValueError(msg)
    if arms is not None:
        arms = [arm.removesuffix(RELEASED) + RELEASED for arm in arms]
    return experiment.released(), arms


def _kept(record: RunRecord) -> bool:
    """False where the objective rose though the method says it does not."""
    if record.verdict != "NO":
        return True
    promised = record.settings.get("g_step") != "svd"
    return not promised or record.method == "released"
