"""A run from the authors' start beside their log, sweep by sweep."""

from __future__ import annotations

from typing import Any

from nnbcd.experiments.logs import Log, logs
from nnbcd.experiments.record import RunRecord
from nnbcd.experiments.variants import RELEASED

__all__ = ["beside_log", "log_of", "print_comparison"]


def log_of(record: RunRecord) -> Log | None:
    """The authors' log of the same arm, if there is one."""
    arm = record.arm.removesuffix(RELEASED)
    return logs(record.experiment).get(arm)


def beside_log(record: RunRecord) -> list[dict[str, Any]]:
    """The sweeps that both have.

    Parameters
    ----------
    record : RunRecord
        Of a run from the authors' start.

    Returns
    -------
    list of dict
        sweep; log and ours with objective, train and test; relative, the
        difference of the objectives over the log's.
    """
    log = log_of(record)
    if log is None:
        return []
    curve, rows = record.curve, []
    # The objective as they print it, with gamma/2 on the loss.
    number = curve.get("logged", [None] * len(curve["sweep"]))
    own = {n: k for k, n in enumerate(curve["sweep"])}
    for j, sweep in enumerate(log.sweep):
        k = own.get(sweep)
        if k is None or number[k] is None:
            continue
        theirs = log.objective[j]
        rows.append(
            {
                "sweep": sweep,
                "log": {
                    "objective": theirs,
                    "train": log.train[j],
                    "test": log.test[j],
                },
                "ours": {
                    "objective": number[k],
                    "train": curve["train"][k],
                    "test": curve["test"][k],
                },
                "relative": (number[k] - theirs) / theirs,
            }
        )
    return rows


def print_comparison(record: RunRecord) -> None:
    """Print the two side by side to stdout.

    Parameters
    ----------
    record : RunRecord
        As in :func:`beside_log`.
    """
    rows = beside_log(record)
    print(f"{record.run}: the authors' log and ours")
    if not rows:
        print("  There is no log of this arm, or no sweep that both have.")
        return
    print(
        f"{'sweep':>5}  {'objective, log':>14}  {'ours':>12}  "
        f"{'relative':>9}  {'train, log':>10}  {'ours':>6}  "
        f"{'test, log':>9}  {'ours':>6}"
    )
    for row in rows:
        log, ours = row["log"], row["ours"]
        print(
            f"{row['sweep']:>5}  {log['objective']:>14.7g}  "
            f"{ours['objective']:>12.7g}  {row['relative']:>9.1e}  "
            f"{log['train']:>10.4f}  {ours['train']:>6.4f}  "
            f"{log['test']:>9.4f}  {ours['test']:>6.4f}"
        )
    if record.data["note"]:
        print(f"Data: {record.data['note']}.")
