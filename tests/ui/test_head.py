"""The look and the script that keeps the browser's history are in every page, and in nothing else."""

import asyncio
from collections.abc import Mapping

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Message, Scope

from actviz_core.ui.head import AddToHead

PAGE = "<html><head><title>x</title></head></html>"
SCRIPT = b"history.pushState"


def answer(response: Response, asked: Mapping[str, str]) -> tuple[Message, bytes, Scope]:
    """What a browser gets that asks so, and what the app below is asked."""
    sent: list[Message] = []
    seen: list[Scope] = []

    async def run() -> None:
        async def app(scope: Scope, receive: object, send: object) -> None:
            seen.append(scope)
            await response(scope, receive, send)  # type: ignore[arg-type]

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        headers = [(name.encode(), value.encode()) for name, value in asked.items()]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await AddToHead(app)(scope, receive, send)

    asyncio.run(run())
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:]), seen[0]


def test_a_page_gets_the_look_and_the_script_first_and_the_right_length() -> None:
    start, body, _ = answer(HTMLResponse(PAGE), {"accept": "text/html"})
    assert body.startswith(b"<html><head><style>")
    assert SCRIPT in body
    assert body.endswith(b"<title>x</title></head></html>")
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()


def test_a_browser_that_has_the_page_without_the_script_gets_it_anew() -> None:
    page = HTMLResponse(PAGE, headers={"etag": '"1"', "last-modified": "Sun, 01 Nov 2026 00:00:00 GMT"})
    asked = {"accept": "text/html", "if-none-match": '"1"', "accept-encoding": "gzip", "cookie": "a=b"}
    start, body, below = answer(page, asked)
    assert SCRIPT in body
    assert not {b"etag", b"last-modified"} & set(dict(start["headers"]))
    assert set(dict(below["headers"])) == {b"accept", b"cookie"}


@pytest.mark.parametrize(
    "response",
    [
        PlainTextResponse("<head>"),
        HTMLResponse(PAGE, headers={"content-encoding": "gzip"}),
        HTMLResponse(PAGE, status_code=500),
    ],
)
def test_anything_else_is_left_as_it_is(response: Response) -> None:
    start, body, below = answer(response, {"accept": "*/*", "accept-encoding": "gzip"})
    assert body == response.body
    assert start["headers"] == response.raw_headers
    assert b"accept-encoding" in dict(below["headers"])
