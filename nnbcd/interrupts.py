"""An interrupt (Ctrl-C) ends a run at the end of a block, not within one."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

__all__ = ["Interrupts"]


class Interrupts:
    """While entered, the first SIGINT is remembered, the second one raises.

    Only Python's own handler is replaced, and only in the main thread: a
    program that handles SIGINT itself goes on doing so, and what it raises
    is what it wants raised. On leaving, everything is as it was.

    Examples
    --------
    >>> import signal
    >>> python = signal.default_int_handler  # a background job may lack it
    >>> before = signal.signal(signal.SIGINT, python)
    >>> with Interrupts() as interrupts:
    ...     signal.raise_signal(signal.SIGINT)
    ...     interrupts.asked
    True
    >>> before = signal.signal(signal.SIGINT, before)
    """

    def __init__(self) -> None:
        self.asked = False
        self._patient = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        python = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if main and python:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def block_done(self) -> None:
        """Raise KeyboardInterrupt if one was asked for."""
        if self.asked:
            raise KeyboardInterrupt

    def saving(self) -> None:
        """From here on no interrupt raises: the last file is written."""
        self._patient = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked and not self._patient:
            raise KeyboardInterrupt
        self.asked = True
