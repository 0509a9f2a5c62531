"""Published files: looked for, else downloaded, checked and kept."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Remote", "cache_folder", "fetch", "local", "where"]


@dataclass(frozen=True)
class Remote:
    """A file as it is published.

    Parameters
    ----------
    url : str
        Its canonical place.
    size : int
        Bytes.
    checksum : str
        ``"sha256:..."``, or ``"md5:..."`` where the publisher gives that.
    place : str
        Path under ``NNBCD_DATA``, and under the cache folder.
    """

    url: str
    size: int
    checksum: str
    place: str

    @property
    def name(self) -> str:
        """Last part of ``place``."""
        return self.place.rsplit("/", 1)[-1]


def cache_folder() -> Path:
    """Where downloads are kept: ``NNBCD_CACHE``, or as the platform does."""
    chosen = os.environ.get("NNBCD_CACHE")
    if chosen:
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("nnbcd"))


def local(place: str) -> Path | None:
    """The file of that path under ``NNBCD_DATA``, if there is one."""
    folder = os.environ.get("NNBCD_DATA")
    path = Path(folder or "") / place
    return path if folder and path.is_file() else None


def where(place: str) -> str:
    """Words for where to put a file by hand."""
    folder = os.environ.get("NNBCD_DATA")
    if folder:
        return str(Path(folder) / place)
    return f"{place} in a folder that NNBCD_DATA names"


def fetch(remote: Remote) -> Path:
    """The file itself: under ``NNBCD_DATA``, in the cache, or downloaded.

    A file under ``NNBCD_DATA`` is yours and taken as it is. One in the
    cache is compared with its checksum at each use. A download that breaks
    off is continued, in the same call and by later ones; of several
    processes one downloads and the others wait for it.

    Parameters
    ----------
    remote : Remote
        What to look for.

    Returns
    -------
    Path
        Of a complete file.

    Raises
    ------
    FileNotFoundError
        If it cannot be had: no network, refused, cut, or not what was
        published. The sentence says what to put where by hand.
    OSError
        If the disk is full or the cache folder cannot be written.
    """
    found = local(remote.place)
    if found is not None:
        return found
    # Here, not above: embedded and local data need none of these.
    import pooch
    import requests
    from filelock import FileLock

    from nnbcd.datasets.download import ResumingDownloader

    path = cache_folder() / remote.place
    if path.is_file() and pooch.hashes.hash_matches(path, remote.checksum):
        return path
    get = ResumingDownloader(Path(f"{path}.part"), remote.size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            pooch.retrieve(
                remote.url,
                remote.checksum,
                path.name,
                path.parent,
                downloader=get,
            )
    except requests.RequestException as error:
        msg = _missing(remote, _reason(error, get.kept))
        raise FileNotFoundError(msg) from None
    except ValueError:  # how pooch says that the checksum differs
        path.unlink(missing_ok=True)
        reason = f"{remote.url} sends another file; nothing was kept"
        raise FileNotFoundError(_missing(remote, reason)) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            msg = (
                f"data: {path.parent} cannot be written ({error.strerror}): "
                "set NNBCD_CACHE to a folder that can."
            )
            raise OSError(msg) from None
        get.part.unlink(missing_ok=True)
        msg = (
            f"data: no space is left for {remote.name} ({remote.size:,} "
            f"bytes) in {path.parent}: free some, or set NNBCD_CACHE to "
            "another folder."
        )
        raise OSError(msg) from None
    return path


def _missing(remote: Remote, reason: str) -> str:
    return (
        f"data: {remote.name} is not here and could not be downloaded "
        f"({reason}): save {remote.url} ({remote.size:,} bytes, "
        f"{remote.checksum}) as {where(remote.place)}."
    )


def _reason(error: Exception, kept: int) -> str:
    import requests

    if isinstance(error, requests.HTTPError):
        reason = str(error).split(" for url")[0]
    elif isinstance(error, requests.Timeout):
        reason = "no answer in time"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        reason = "the connection broke off"
    else:
        reason = "no connection"
    if kept:
        reason += f"; {kept:,} bytes are kept and a new run continues them"
    return reason
