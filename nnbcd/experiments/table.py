"""The table of an experiment: the paper's figure, ours, the baselines'."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from nnbcd.experiments.experiment import Experiment
from nnbcd.experiments.published import PUBLISHED, Published, Range
from nnbcd.experiments.record import VERDICTS, RunRecord
from nnbcd.experiments.runner import by_arm

__all__ = ["print_table", "rows"]

COLUMNS = (
    "method",
    "steps",
    "train",
    "test",
    "stored",
    "rises",
    "cert.",
    "s",
)


def rows(
    experiment: Experiment, records: Sequence[RunRecord]
) -> list[tuple[str, ...]]:
    """The lines of the table, a text for each of ``COLUMNS``.

    Parameters
    ----------
    experiment : Experiment
    records : sequence of RunRecord
        Seeds of one arm become one line, with their medians.
    """
    lines = []
    longest = max(
        (r.result["sweeps"] for r in records if r.certificate), default=0
    )
    for published in PUBLISHED.get(experiment.published or "", ()):
        lines.append(_published(published))
        earlier = published.at(longest)
        if earlier is not None and earlier[0] < published.sweeps:
            sweep, (train, test) = earlier
            label = "  their log"
            lines.append(
                (
                    label,
                    str(sweep),
                    f"{train:.3f}",
                    f"{test:.3f}",
                    "",
                    "",
                    "",
                    "",
                )
            )
    for runs in by_arm(records):
        lines.append(_measured(experiment, runs))
    return lines


def print_table(experiment: Experiment, records: Sequence[RunRecord]) -> None:
    """Print the table to stdout.

    Parameters
    ----------
    experiment, records
        As in :func:`rows`.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    kind = experiment.metric.replace("_", " ")
    table = Table(
        title=experiment.title,
        caption=_caption(experiment, records, kind),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    table.add_column(COLUMNS[0], overflow="fold")
    for name in COLUMNS[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for line in rows(experiment, records):
        table.add_row(*line)
    Console(width=78).print(table)


def _published(p: Published) -> tuple[str, ...]:
    seconds = tuple(s * p.sweeps for s in p.seconds_per_sweep)
    return (
        f"authors, {p.label}",
        str(p.sweeps),
        _range(p.train),
        _range(p.test),
        "" if p.stored is None else f"{100 * p.stored:.0f}%",
        "-".join(str(n) for n in dict.fromkeys(p.rises)),
        "",
        "-".join(f"{s:.0f}" for s in dict.fromkeys(seconds)) + "†",
    )


def _measured(
    experiment: Experiment, runs: Sequence[RunRecord]
) -> tuple[str, ...]:
    def middle(name: str) -> Any:
        return median(r.result[name] for r in runs)

    first = runs[0]
    unit = _UNIT[first.settings.get("unit", "sweeps")]
    train = f"{middle('train_accuracy'):.3f}"
    verdicts = [r.verdict for r in runs]
    share = middle("parameters") / first.result["dense_parameters"]
    return (
        first.settings.get("label", first.arm),
        f"{first.result['sweeps']}{unit}",
        train,
        f"{middle(experiment.metric):.3f}",
        f"{100 * share:.0f}%",
        f"{middle('objective_rises'):.0f}",
        next((word for word in VERDICTS if word in verdicts), ""),
        f"{middle('seconds'):.0f}",
    )


_UNIT = {"sweeps": "", "epochs": " ep"}


def _caption(
    experiment: Experiment, records: Sequence[RunRecord], kind: str
) -> str:
    parts = [f"test: {kind}, in the paper's line train too; train: accuracy"]
    if kind == "accuracy":
        parts = ["train, test: accuracy"]
    seeds = sorted({r.seed for r in records})
    counts = {len(runs) for runs in by_arm(records)}
    if len(counts) > 1:
        parts.append(f"median over {min(counts)} to {max(counts)} seeds")
    elif len(seeds) > 1:
        parts.append(f"median over seeds {', '.join(map(str, seeds))}")
    elif seeds:
        parts.append(f"seed {seeds[0]}")
    parts.append("stored: share of the dense numbers")
    parts.append("ep: epochs")
    words = {r.verdict for r in records}
    parts += [f"{w}: {VERDICTS[w]}" for w in VERDICTS if w in words]
    if experiment.published:
        parts.append("† on the authors' GPU")
    note = next((r.data["note"] for r in records if r.data["note"]), "")
    if note:
        parts.append(f"data: {note}")
    if records:
        where = records[0].environment
        parts.append(f"run on {where['device']}, {where['threads']} threads")
    return "; ".join(parts) + "."


def _range(values: Range) -> str:
    low, high = values
    if low == high:
        return f"{low:.3f}"
    return f"{low:.3f}-{f'{high:.3f}'.lstrip('0')}"
