"""Show versions, devices and what this installation offers."""

from __future__ import annotations

import argparse
import json
import platform

import numpy as np
import torch

from nnbcd import __version__
from nnbcd.activations import BY_NAME as ACTIVATIONS
from nnbcd.initialisation import SCHEMES
from nnbcd.losses import BY_NAME as LOSSES

__all__ = ["add_arguments", "environment", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``info``."""
    parser.add_argument("--json", action="store_true", help="for machines")


def environment() -> dict[str, object]:
    """Versions and devices, as they belong beside every measurement."""
    gpus = [
        torch.cuda.get_device_name(k)
        for k in range(torch.cuda.device_count())
    ]
    return {
        "nnbcd": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        "gpus": gpus,
    }


def run(options: argparse.Namespace) -> int:
    """Print the table or the JSON."""
    facts = environment() | {
        "activations": list(ACTIVATIONS),
        "losses": list(LOSSES),
        "initialisations": list(SCHEMES),
    }
    if options.json:
        print(json.dumps(facts))
        return 0
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{name:16} {shown or 'none'}")
    return 0
