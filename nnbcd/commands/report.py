"""What ``train`` says about a run: a dictionary, or a table."""

from __future__ import annotations

from typing import Any

from nnbcd.datasets import Dataset
from nnbcd.result import Result
from nnbcd.sizes import readable

__all__ = ["print_table", "summary"]


def summary(result: Result, data: Dataset) -> dict[str, Any]:
    """The figures of a run under the names the command line promises."""
    certificate = result.certificate()
    return {
        "status": str(result.status),
        "sweeps": len(result.history.sweeps),
        "seconds": round(result.seconds, 3),
        "device": str(result.state.w[0].device),
        "dtype": result.history.dtype,
        "objective": result.history.objective,
        "objective_increases": result.history.objective_increases,
        "tightenings": result.history.tightenings,
        "train_accuracy": result.accuracy(data.x_train, data.y_train),
        "test_accuracy": result.accuracy(data.x_test, data.y_test),
        "parameters": result.parameters,
        "dense_parameters": result.dense_parameters,
        "compression": result.compression,
        "effective_sparsity": result.effective_sparsity,
        "certificate": {
            name: getattr(certificate, name)
            for name in (
                "monotone",
                "min_slack",
                "a",
                "b",
                "rate",
                "holds",
                "verdict",
            )
        },
    }


def print_table(report: dict[str, Any], result: Result) -> None:
    """Print the figures of :func:`summary` and the certificate.

    Parameters
    ----------
    report : dict
        From :func:`summary`.
    result : Result
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    phi = report["objective"]
    rows = {
        "status": report["status"],
        "sweeps": f"{report['sweeps']} in {report['seconds']:.1f} s on "
        f"{report['device']}, {report['dtype']}",
        "objective": f"{phi[0]:.6g} -> {phi[-1]:.6g}, "
        f"{report['objective_increases']} increases",
        "train accuracy": f"{report['train_accuracy']:.4f}",
        "test accuracy": f"{report['test_accuracy']:.4f}",
        "stored numbers": f"{report['parameters']:,} of "
        f"{report['dense_parameters']:,}, {report['compression']:.2f} times "
        "smaller",
        "effective sparsity": f"{report['effective_sparsity']:.4f}",
    }
    if "processes" in report:
        shared = report["processes"]
        rows["processes"] = (
            f"{shared['number']}; {shared['messages']:.0f} sums and "
            f"{readable(round(shared['bytes']))} a sweep"
        )
    for name, value in rows.items():
        table.add_row(name, value)
    Console(width=78).print(table)
    print(result.certificate())
