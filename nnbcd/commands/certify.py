"""Judge the record of a run: did it keep what the theorem promises.

Reads what ``train --record FILE`` or ``reproduce`` wrote. The exit code is 1
if the record breaks a promise, and 0 if it keeps all that could be judged.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nnbcd.certificate import certify
from nnbcd.history import History

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``certify``."""
    parser.add_argument("record", type=Path, help="the file to judge")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    """Print the certificate of the record."""
    history = None
    if not options.record.is_file():
        msg = f"there is no file {options.record}."
        raise FileNotFoundError(msg)
    try:
        data = json.loads(options.record.read_text(encoding="utf-8"))
        if data["history"] is not None or not data.get("certificate"):
            history = History.from_json(json.dumps(data["history"]))
    except (KeyError, TypeError, ValueError):
        msg = (
            f"{options.record} holds no history of sweeps, as train --record "
            "and reproduce write it (of a baseline there is none)."
        )
        raise ValueError(msg) from None
    if history is None:
        msg = (
            f"{options.record} is a compact record: it states a certificate "
            "without the history behind it. The whole record of a run is in "
            "the folder --out of reproduce."
        )
        raise ValueError(msg)
    certificate = certify(history)
    print(certificate.to_json() if options.json else certificate)
    return 1 if certificate.broken else 0
