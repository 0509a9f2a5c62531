"""A download that continues where the last one broke off."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tqdm.auto import tqdm

__all__ = ["ResumingDownloader"]

_PIECE = 1 << 14  # bytes; a cut loses the one under way


@dataclass(frozen=True)
class ResumingDownloader:
    """A downloader for :func:`pooch.retrieve`.

    Bytes go to ``part``, which outlives a cut: the next attempt, also that
    of a later process, asks for the rest by an HTTP ``Range`` header. A
    server that ignores the header sends all of it, and so it starts anew.
    Only a complete file takes its place under the name that pooch checks.

    Parameters
    ----------
    part : Path
        Where the half-finished file is kept.
    size : int
        Bytes of the complete file.
    attempts : int
        How often a cut connection is taken up again.
    """

    part: Path
    size: int
    attempts: int = 5

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Write what ``url`` sends to ``output_file``.

        Raises
        ------
        requests.RequestException
            If the server cannot be reached, refuses or breaks off.
        OSError
            If the disk does not take it.
        """
        for left in reversed(range(self.attempts)):
            before = self.kept
            try:
                self._continue(url)
                break
            except requests.HTTPError:
                raise
            except requests.RequestException:
                # Without a byte of progress the network is gone, not cut.
                if not left or self.kept <= before:
                    raise
        os.replace(self.part, output_file)

    @property
    def kept(self) -> int:
        """Bytes that are there already."""
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> None:
        if self.kept > self.size:
            self.part.unlink()
        have = self.kept
        if have == self.size:
            return  # all came, but the process ended before the check
        # As published: a server may otherwise compress what it sends.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(
            url, headers=headers, stream=True, timeout=(10, 60)
        ) as answer:
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                have = 0
            rest = int(answer.headers.get("Content-Length", 0))
            with (
                self.part.open("ab" if have else "wb") as stream,
                tqdm(
                    desc=url.rsplit("/", 1)[-1],
                    total=have + rest or None,
                    initial=have,
                    unit="B",
                    unit_scale=True,
                    leave=False,
                    disable=None,  # no bar where nobody watches
                ) as bar,
            ):
                for piece in answer.iter_content(_PIECE):
                    stream.write(piece)
                    bar.update(len(piece))
        if rest and self.kept < have + rest:
            msg = "the server sent less than it announced"
            raise requests.exceptions.ChunkedEncodingError(msg)
