"""A publisher of files on this machine, who can misbehave on request."""

import hashlib
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nnbcd.datasets.fetch import Remote


@dataclass(frozen=True)
class Cut:
    """A connection that ends after so many bytes."""

    after: int


class Publisher:
    """Serves ``files``; ``plan`` says what to do to the next requests.

    A number is a status, ``Cut(n)`` sends n bytes and cuts the connection.
    Without a plan a file is sent as it is.
    """

    def __init__(self):
        self.files = {}
        self.plan = []
        self.ranges = []  # of each request, None without one
        self.obeys_ranges = True
        self.gate = threading.Event()  # the last byte waits for it
        self.gate.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}/"
        serve = self.server.serve_forever
        self.thread = threading.Thread(target=serve, args=(0.01,))
        self.thread.start()

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.ranges.append(wanted)
        todo = self.plan.pop(0) if self.plan else None
        if isinstance(todo, int):
            request.send_error(todo)
            return
        body = self.files[request.path[1:]]
        start = 0
        if wanted and self.obeys_ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        if isinstance(todo, Cut):
            request.wfile.write(body[start : start + todo.after])
            return
        request.wfile.write(body[start:-1])
        request.wfile.flush()
        self.gate.wait(30)
        request.wfile.write(body[-1:])

    def publish(self, name, body, folder="set"):
        """Put a file on the server: what it is to us."""
        self.files[name] = body
        return Remote(
            self.base + name,
            len(body),
            "sha256:" + hashlib.sha256(body).hexdigest(),
            f"{folder}/{name}",
        )

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def cut():
    return Cut


@pytest.fixture
def publisher():
    one = Publisher()
    yield one
    one.close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder; neither data nor a proxy of the tester's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NNBCD_CACHE", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NNBCD_DATA", raising=False)
    return folder
