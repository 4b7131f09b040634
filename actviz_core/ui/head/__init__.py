"""Adds to the head of the app's page what must be there before Streamlit's own scripts run.

That is a script that keeps the browser's history, one entry for one act of a person, and the look of what
the theme cannot say: a menu that is narrower is measured as such.
"""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD = b"<head>"
_FOLDER = Path(__file__).parent
_ADDED = (
    *(b"<style>\n", (_FOLDER / "look.css").read_bytes(), b"</style>"),
    *(b"<script>\n", (_FOLDER / "history.js").read_bytes(), b"</script>"),
)


class AddToHead:
    """Middleware that adds the look and the script to each page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does; a whole page, which comes uncompressed, gets what is added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def send_added(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    content = body.replace(_HEAD, _HEAD + b"".join(_ADDED), 1)
                    MutableHeaders(scope=start)["content-length"] = str(len(content))
                    await send(start)
                    await send({"type": "http.response.body", "body": content})

        await self._app(_without_conditions(scope), receive, send_added)


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    whole = start["status"] in (200, 404) and "content-encoding" not in headers
    if not (whole and headers.get("content-type", "").startswith("text/html")):
        return False
    for validator in ("etag", "last-modified"):  # they are those of the page without it
        if validator in headers:
            del headers[validator]
    return True


def _without_conditions(scope: Scope) -> Scope:
    """Ask for the whole page, uncompressed, wherever it is a page that is asked for."""
    asked = dict(scope["headers"])
    if b"text/html" not in asked.get(b"accept", b""):
        return scope
    dropped = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in dropped]}
