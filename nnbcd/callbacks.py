"""Callbacks: called after each sweep; a true answer stops the run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nnbcd.history import SweepRecord
from nnbcd.state import State

__all__ = ["Callback", "ProgressBar"]

Callback = Callable[[SweepRecord, State], bool | None]


class ProgressBar:
    """A tqdm bar on stderr with the objective and the accuracies.

    Parameters
    ----------
    total : int
        Sweeps expected.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Any = None

    def __call__(self, record: SweepRecord, state: State) -> None:
        """Advance the bar by one sweep."""
        from tqdm.auto import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=self._total,
                initial=record.sweep - 1,  # not 0 where a run goes on
                unit="sweep",
                file=sys.stderr,
                leave=True,
            )
        shown = {"objective": f"{record.objective:.4g}"}
        if record.train_accuracy is not None:
            shown["train"] = f"{record.train_accuracy:.3f}"
        if record.validation_accuracy is not None:
            shown["test"] = f"{record.validation_accuracy:.3f}"
        self._bar.set_postfix(shown)
        self._bar.update(1)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
