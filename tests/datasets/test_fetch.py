"""Downloads that go wrong: one clear sentence, and no broken file."""

import dataclasses
import errno
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nnbcd
from nnbcd.datasets.fetch import cache_folder, fetch

BODY = bytes(range(256)) * 1000
PIECE = 1 << 14
CUT = 6 * PIECE


@pytest.fixture
def remote(publisher, cache):
    return publisher.publish("a.bin", BODY)


def kept(cache):
    """Files that a failure left, but for the empty lock."""
    return {
        path.name: path.stat().st_size
        for path in cache.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def refused(remote, error=FileNotFoundError):
    """What fetch says when it fails, which is one sentence."""
    with pytest.raises(error) as caught:
        fetch(remote)
    said = str(caught.value)
    assert re.fullmatch(r"data: [^\n]+\.", said)
    return said


def by_hand(remote):
    return (
        f"save {remote.url} ({remote.size:,} bytes, {remote.checksum}) as "
        f"{remote.place} in a folder that NNBCD_DATA names."
    )


def test_a_file_is_downloaded_once(publisher, remote, cache):
    assert fetch(remote).read_bytes() == BODY
    assert fetch(remote) == cache / "set" / "a.bin"
    assert publisher.ranges == [None]
    assert kept(cache) == {"a.bin": len(BODY)}


def test_your_own_folder_comes_first(
    publisher, remote, cache, tmp_path, monkeypatch
):
    monkeypatch.setenv("NNBCD_DATA", str(tmp_path))
    mine = tmp_path / "set" / "a.bin"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    assert fetch(remote) == mine
    assert not publisher.ranges
    mine.unlink()
    publisher.plan = [404]
    assert refused(remote).endswith(f" as {mine}.")


def test_the_cache_is_where_the_platform_has_it(monkeypatch):
    monkeypatch.delenv("NNBCD_CACHE", raising=False)
    assert "nnbcd" in cache_folder().parts
    assert cache_folder().is_absolute()


def test_a_damaged_file_in_the_cache_is_replaced(publisher, remote, cache):
    fetch(remote).write_bytes(BODY[:-1] + b"?")
    assert fetch(remote).read_bytes() == BODY
    assert len(publisher.ranges) == 2


def test_wrong_checksum(publisher, remote, cache):
    publisher.files["a.bin"] = BODY[:-1] + b"?"
    said = refused(remote)
    assert f"{remote.url} sends another file" in said
    assert said.endswith(by_hand(remote))
    assert kept(cache) == {}
    publisher.files["a.bin"] = BODY
    assert fetch(remote).read_bytes() == BODY
    assert publisher.ranges == [None, None]


def test_wrong_checksum_of_a_damaged_file_in_the_cache(
    publisher, remote, cache
):
    publisher.files["a.bin"] = b"short"
    path = cache / "set" / "a.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY[:-1])
    refused(remote)
    assert kept(cache) == {}


def test_a_cut_connection_is_taken_up_again(publisher, remote, cache, cut):
    publisher.plan = [cut(CUT), cut(CUT)]
    assert fetch(remote).read_bytes() == BODY
    rests = [f"bytes={CUT}-", f"bytes={2 * CUT}-"]
    assert publisher.ranges == [None, *rests]
    assert kept(cache) == {"a.bin": len(BODY)}


def test_a_later_call_continues(publisher, remote, cache, cut):
    publisher.plan = [cut(CUT), 503]
    said = refused(remote)
    assert "(503 " in said
    assert f"; {CUT:,} bytes are kept and a new run continues them" in said
    assert kept(cache) == {"a.bin.part": CUT}
    assert fetch(remote).read_bytes() == BODY
    assert publisher.ranges[-1] == f"bytes={CUT}-"
    assert kept(cache) == {"a.bin": len(BODY)}


def test_a_connection_that_is_always_cut(publisher, remote, cache, cut):
    publisher.plan = [cut(PIECE + 5), cut(0)]
    said = refused(remote)
    assert f"(the connection broke off; {PIECE:,} bytes are kept" in said
    assert len(publisher.ranges) == 2
    publisher.plan = [cut(PIECE)] * 100
    refused(remote)
    assert len(publisher.ranges) == 2 + 5
    assert kept(cache) == {"a.bin.part": 6 * PIECE}


def test_a_server_without_ranges_starts_anew(publisher, remote, cut):
    publisher.obeys_ranges = False
    publisher.plan = [cut(CUT)]
    assert fetch(remote).read_bytes() == BODY
    assert publisher.ranges == [None, f"bytes={CUT}-"]


@pytest.mark.parametrize(
    ("part", "requests"), [(BODY, []), (BODY + b"!", [None])]
)
def test_a_part_that_is_not_half(part, requests, publisher, remote, cache):
    (cache / "set").mkdir(parents=True)
    (cache / "set" / "a.bin.part").write_bytes(part)
    assert fetch(remote).read_bytes() == BODY
    assert publisher.ranges == requests
    assert kept(cache) == {"a.bin": len(BODY)}


def test_404(publisher, remote, cache):
    publisher.plan = [404]
    said = refused(remote)
    assert "(404 Client Error: Not Found):" in said
    assert said.endswith(by_hand(remote))
    assert kept(cache) == {}
    assert publisher.ranges == [None]


def test_offline(remote, cache):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = dataclasses.replace(remote, url=f"http://127.0.0.1:{port}/a.bin")
    said = refused(gone)
    assert said.startswith(
        "data: a.bin is not here and could not be downloaded (no connection)"
    )
    assert said.endswith(by_hand(gone))
    assert kept(cache) == {}


def test_a_full_disk(publisher, remote, cache, monkeypatch):
    whole = Path.open

    def full(path, mode="r", **options):
        stream = whole(path, mode, **options)
        if path.suffix != ".part":
            return stream
        return Full(stream)

    class Full:
        """A file on a disk that has room for one piece."""

        def __init__(self, stream):
            self.stream, self.pieces = stream, 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

        def write(self, piece):
            self.pieces += 1
            if self.pieces > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.stream.write(piece)

    monkeypatch.setattr(Path, "open", full)
    said = refused(remote, OSError)
    assert said == (
        f"data: no space is left for a.bin ({len(BODY):,} bytes) in "
        f"{cache / 'set'}: free some, or set NNBCD_CACHE to another folder."
    )
    assert kept(cache) == {}
    monkeypatch.undo()


def test_a_folder_that_cannot_be_written(remote, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NNBCD_CACHE", str(tmp_path / "file" / "cache"))
    said = refused(remote, OSError)
    assert "cannot be written (Not a directory)" in said
    assert said.endswith("set NNBCD_CACHE to a folder that can.")


# The package without its __init__, which takes seconds to import torch.
FETCH = """
import sys, types
import filelock, pooch, requests  # slow, so before "ready"
sys.modules["nnbcd"] = package = types.ModuleType("nnbcd")
package.__path__ = [sys.argv.pop(1)]
from nnbcd.datasets.fetch import Remote, fetch
remote = Remote(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
print("ready", flush=True)
print(len(fetch(remote).read_bytes()))
"""


def test_two_processes_at_once(publisher, remote, cache):
    publisher.gate.clear()
    words = [str(word) for word in dataclasses.astuple(remote)]
    both = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH, *nnbcd.__path__, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    time.sleep(1)  # both are in fetch, and the answer is not complete
    publisher.gate.set()
    said = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert [out for out, _ in said] == [f"{len(BODY)}\n"] * 2
    assert publisher.ranges == [None]
    assert kept(cache) == {"a.bin": len(BODY)}
