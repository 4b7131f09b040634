"""Starts the app: `streamlit run dashboard.py`. Warms up before the first visitor comes; has no UI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STILLS = ("Html.*.js", "purify.es.*.js")
"""Streamlit's scripts that show still pictures, which a page's figures begin as; names carry versions."""


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Load torch and the default network, and run it once, before the first page is asked for."""
    from actviz_core.ui.warmup import warm_up

    await asyncio.to_thread(warm_up)
    yield {}


def say_uncaught(error: Exception) -> bool:
    """Tell of what no page caught, in what a click does for example; True: Streamlit shows nothing else."""
    from actviz_core.ui import errors

    return errors.say_uncaught(error)


class NameScripts:
    """Middleware that tells browsers, in the header of a page, which scripts it will need first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        folder = Path(st.__file__).parent / "static" / "static" / "js"
        scripts = [script.name for pattern in STILLS for script in folder.glob(pattern)]
        self._link = ", ".join(f"<static/js/{script}>; rel=modulepreload" for script in scripts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, with a ``Link`` header if the answer is a page."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start" and self._link:
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("link", self._link)
            await send(message)

        await self._app(scope, receive, send_named)


app = st.App(
    Path(__file__).parent / "pages" / "shell.py",
    lifespan=lifespan,
    middleware=[Middleware(NameScripts)],
    on_script_error=say_uncaught,
)
