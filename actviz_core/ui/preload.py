"""Tells a browser, with the page itself, which of Streamlit's scripts draw stills: it has them early."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPTS = ("Html.*.js", "purify.es.*.js")  # the scripts of `st.html`; their names carry their versions


class PreloadStills:
    """Middleware that adds a ``Link`` header to every page; without the scripts' files, none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        folder = Path(st.__file__).parent / "static" / "static" / "js"
        files = [file.name for pattern in _SCRIPTS for file in sorted(folder.glob(pattern))]
        self._link = ", ".join(f"<static/js/{name}>; rel=modulepreload" for name in files)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""

        async def send_with_link(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message) and self._link:
                message["headers"] = [*message["headers"], (b"link", self._link.encode())]
            await send(message)

        await self._app(scope, receive, send_with_link if scope["type"] == "http" else send)


def _is_page(message: MutableMapping[str, Any]) -> bool:
    headers = dict(message["headers"])
    return bool(headers.get(b"content-type", b"").startswith(b"text/html"))
