"""Checkpoints: a run that is killed goes on where it was, bit by bit.

A checkpoint is one ``.npz`` file without pickle, written beside its place
and moved there when it is whole: a kill at any moment leaves the file of
before or the file of after. It holds the state of the last complete sweep,
the records so far, and the fingerprint of the run, so that it can't go on
as another one.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnbcd.archives import read_npz
from nnbcd.checks import count, number
from nnbcd.history import History
from nnbcd.packing import pack, unpack
from nnbcd.state import State

__all__ = ["Checkpoint", "CheckpointWarning", "Saved", "load", "save"]

FORMAT = "nnbcd-checkpoint-1"
# What parsing raises where a part is missing or of another kind.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written; the run goes on without it."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a run keeps its checkpoint, and how often it writes it.

    A file that can't be written ends no run: a ``CheckpointWarning`` says
    so once, and the file of before stays as it is.

    Parameters
    ----------
    path : str or Path
        If the file exists the run goes on from it; the folder must exist.
    every_seconds : float
        At least so long between two writings; the end is always written.
        Where writing is slow the run waits longer: at most a twentieth of
        its time goes into it.
    every_sweeps : int, optional
        Write after so many sweeps instead, however long that takes.
    keep : int
        Files kept: the newest, and those it replaced as ``path.1``,
        ``path.2``, ..., the youngest first.

    Raises
    ------
    ValueError
        If every_seconds is negative, every_sweeps or keep below 1.

    Examples
    --------
    >>> import tempfile, torch
    >>> from nnbcd import Dense, Network, Solver
    >>> X, y = torch.eye(4, dtype=torch.float64), torch.tensor([0, 1, 0, 1])
    >>> net = Network(4, [Dense(8), Dense(2)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Checkpoint(f"{folder}/run.npz", every_seconds=60.0)
    ...     half = Solver(sweeps=10).fit(net, X, y, checkpoint=kept)
    ...     rest = Solver(sweeps=20).fit(net, X, y, checkpoint=kept)
    >>> whole = Solver(sweeps=20).fit(net, X, y)
    >>> rest.history.objective == whole.history.objective
    True
    """

    path: str | Path
    every_seconds: float = 30.0
    every_sweeps: int | None = None
    keep: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike) or not str(self.path):
            msg = f"checkpoint: path must name a file, got {self.path!r}."
            raise TypeError(msg)
        object.__setattr__(self, "path", Path(self.path))
        seconds = number("every_seconds", self.every_seconds)
        object.__setattr__(self, "every_seconds", seconds)
        if self.every_sweeps is not None:
            sweeps = count("every_sweeps", self.every_sweeps)
            object.__setattr__(self, "every_sweeps", sweeps)
        object.__setattr__(self, "keep", count("keep", self.keep))


@dataclass(frozen=True, eq=False)
class Saved:
    """What a checkpoint holds.

    Parameters
    ----------
    state : State
        After the last complete sweep; W_i of shape (d_out, d_in).
    history : History
        Up to that sweep.
    seconds : float
        Time the run has taken so far.
    fingerprint : dict
        Of the run, from :func:`nnbcd.fingerprint.fingerprint`.
    stopped : bool
        Whether a callback ended the run there.
    """

    state: State
    history: History
    seconds: float
    fingerprint: dict[str, str]
    stopped: bool = False


def save(path: str | Path, saved: Saved, *, keep: int = 1) -> None:
    """Write a checkpoint: whole, or not at all.

    Parameters
    ----------
    path : str or Path
        Replaced if it exists; ``.part`` is added to the name meanwhile.
    saved : Saved
    keep : int
        As in :class:`Checkpoint`.

    Raises
    ------
    OSError
        If it can't be written; what was there is still there.
    """
    path = Path(path)
    arrays, layout = pack(saved.state)
    meta = {
        "format": FORMAT,
        "layout": layout,
        "history": saved.history.to_json(),
        "seconds": saved.seconds,
        "fingerprint": saved.fingerprint,
        "stopped": saved.stopped,
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
            stream.flush()
            os.fsync(stream.fileno())
        _shift(path, keep)
        part.replace(path)
        _settle(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _saved(arrays: dict[str, Any], device: Any, rows: slice) -> Saved:
    meta = json.loads(arrays.pop("meta").tobytes())
    if meta["format"] != FORMAT:
        raise KeyError(meta["format"])
    state = meta["layout"]["state"]
    for name in {*state["u"], *state["v"], *state["affine"]} - {None}:
        arrays[name] = arrays[name][rows]
    return Saved(
        unpack(arrays, meta["layout"], device),
        History.from_json(meta["history"]),
        float(meta["seconds"]),
        dict(meta["fingerprint"]),
        bool(meta["stopped"]),
    )


def _shift(path: Path, keep: int) -> None:
    """Give the file at ``path`` a second name, ``path.1``, and so on.

    At every moment ``path`` itself is there.
    """
    if keep < 2 or not path.exists():
        return
    older = [path.with_name(f"{path.name}.{k}") for k in range(1, keep)]
    for new, old in zip(older[:0:-1], older[-2::-1], strict=True):
        if old.exists():
            old.replace(new)
    try:
        os.link(path, older[0])
    except OSError:  # a file system without links
        shutil.copyfile(path, older[0])


def _settle(folder: Path) -> None:
    """Have the change of name on the disk too, where a system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # a file system that knows no such thing
    finally:
        os.close(handle)


def load(
    path: str | Path, device: Any = None, rows: slice = slice(None)
) -> Saved:
    """Read a checkpoint.

    Parameters
    ----------
    path : str or Path
        A file that :func:`save` wrote.
    device : optional
        Where the tensors go; default: the CPU.
    rows : slice, optional
        Of U and V; default: all.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no checkpoint, or a damaged one.
    """
    try:
        return _saved(read_npz(path), device, rows)
    # What is written here has checksums; what was written elsewhere under
    # this name may be put together in any way.
    except _MALFORMED:
        msg = (
            f"checkpoint: {path} is not a checkpoint of this version, or is "
            "damaged: delete it to start afresh."
        )
        raise ValueError(msg) from None
