"""A file server on loopback for tests of downloads; it can cut connections and do without ranges."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Served:
    """What a server hands out, and the Range headers it was asked with.

    ``cuts`` are the bytes after which the first answers end; ``status`` other than 200 refuses everything.
    """

    content: bytes
    cuts: Sequence[int] = ()
    ranges: bool = True
    status: int = 200
    url: str = ""
    asked: list[str | None] = field(default_factory=list)


@contextmanager
def served(
    content: bytes, *, cuts: Sequence[int] = (), ranges: bool = True, status: int = 200
) -> Iterator[Served]:
    """Serve one file, under any path, until the block ends."""
    state = Served(content, cuts, ranges, status)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, state)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "*")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/file.bin"
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, state: Served) -> None:
    asked = request.headers["Range"]
    state.asked.append(asked)
    if state.status != 200:
        request.send_error(state.status)
        return
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
    if start and start >= len(state.content):
        request.send_error(416)
        return
    body = state.content[start:]
    request.send_response(206 if start else 200)
    if start:
        total = len(state.content)
        request.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    answers = len(state.asked)
    with suppress(ConnectionError):  # whoever asked may be gone
        request.wfile.write(body[: state.cuts[answers - 1]] if answers <= len(state.cuts) else body)
