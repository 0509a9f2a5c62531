"""Command line: ``python -m nnbcd train | inspect | export | ...``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import cache

from nnbcd import __version__
from nnbcd.commands import (
    certify,
    compress,
    export,
    info,
    inspect,
    reproduce,
    train,
)
from nnbcd.endings import of_error
from nnbcd.result import Status

__all__ = ["main"]

# What a user can cause and mend: shown as one sentence, exit code 2.
_USER_ERRORS = (ValueError, TypeError, OSError, ArithmeticError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0 on success, 1 if a certificate does not hold, 2 for a mistake in
        the arguments or the data, 70 for a fault of the program.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except _USER_ERRORS as error:
        if os.environ.get("NNBCD_TRACEBACK"):
            raise
        sentence = _sentence(error)
        print(f"nnbcd {options.command}: error: {sentence}", file=sys.stderr)
        return 2
    except Exception as error:
        if os.environ.get("NNBCD_TRACEBACK"):
            raise
        code, sentence = _unexpected(error)
        print(f"nnbcd {options.command}: error: {sentence}", file=sys.stderr)
        return code
    except KeyboardInterrupt:
        print(f"nnbcd {options.command}: interrupted", file=sys.stderr)
        return 130
    return code


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nnbcd",
        description="Train compressed networks without gradients.",
    )
    parser.add_argument(
        "--version", action="version", version=f"nnbcd {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (
        train,
        compress,
        inspect,
        export,
        reproduce,
        certify,
        info,
    ):
        name = module.__name__.rpartition(".")[2]
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _sentence(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror.lower()}."
    return " ".join(text.split())


def _unexpected(error: Exception) -> tuple[int, str]:
    """Exit code and words for what no check foresaw."""
    if of_error(error) is Status.OUT_OF_MEMORY:
        return 2, "memory ran out: take smaller layers or fewer rows."
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return 70, (
        f"{text[:200]} (a fault of nnbcd: please report it; "
        "NNBCD_TRACEBACK=1 shows where it happened)"
    )


if __name__ == "__main__":
    sys.exit(main())
