"""Work that follows a moving slider: the newest wish, not every one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Latest"]


class Latest:
    """Calls `work` once for many requests that come close together.

    A drag of a slider is dozens of requests, and the picture of most would
    be out of date before it is drawn. So `work` waits until the requests
    pause; a long drag still sees pictures, because no wait is longer than
    ``patience``. `work` looks up the newest state itself.

    Parameters
    ----------
    work : callable
        Called without arguments, in the event loop.
    rest : float
        Seconds without a request after which `work` is called.
    patience : float
        Seconds after the first request at which `work` is called anyway.
    """

    def __init__(
        self,
        work: Callable[[], None],
        *,
        rest: float = 0.1,
        patience: float = 0.4,
    ) -> None:
        self._work = work
        self._rest, self._patience = rest, patience
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0

    def request(self) -> None:
        """Ask for `work`: soon in a kernel, at once where no loop runs."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._work()
            return
        if self._timer is None:
            self._deadline = loop.time() + self._patience
        else:
            self._timer.cancel()
        when = min(loop.time() + self._rest, self._deadline)
        self._timer = loop.call_at(when, self._run)

    def _run(self) -> None:
        self._timer = None
        self._work()
