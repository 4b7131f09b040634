"""Starts the app: `streamlit run dashboard.py`. Warms up before the first visitor comes; has no UI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actviz_core.ui.head import AddToHead


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Load torch and the default network, and run it once, before the first page is asked for."""
    from actviz_core.ui.shell.warmup import warm_up

    await asyncio.to_thread(warm_up)
    yield {}


async def serve_figure_script(request: Request) -> Response:
    """Answer with plotly.js, or with one of the scripts that draw figures with it."""
    from actviz_core.ui.figure.assets import asset

    found = asset("figure/{version}/{name}".format(**request.path_params))
    if found is None:
        return Response("There is no such script.", status_code=404, media_type="text/plain")
    content, headers = found
    return Response(content, media_type="text/javascript", headers=headers)


async def serve_thumbnail(request: Request) -> Response:
    """Answer with a small picture of a source, which maps of pictures show beside a point."""
    from actviz_core.ui.figure.thumbnails import thumbnail

    found = await thumbnail(request.path_params["source"], request.path_params["index"])
    if found is None:
        return Response("There is no such picture.", status_code=404, media_type="text/plain")
    content, headers = found
    return Response(content, media_type="image/webp", headers=headers)


def say_uncaught(error: Exception) -> bool:
    """Tell of what no page caught, in what a click does for example; True: Streamlit shows nothing else."""
    from actviz_core.ui.shell import errors

    return errors.say_uncaught(error)


class NameScripts:
    """Middleware that tells browsers, in the header of a page, which scripts its figures will need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, with a ``Link`` header if the answer is a page."""

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    from actviz_core.ui.figure.assets import link_header

                    headers.append("link", link_header())
            await send(message)

        await self._app(scope, receive, send_named)


# Whatever stands before it is the server's base path, which is not known yet.
routes = [
    Route("/{base:path}figure/{version}/{name}", serve_figure_script),
    Route("/{base:path}thumbnail/{source}/{index:int}", serve_thumbnail),
]
middleware = [Middleware(AddToHead), Middleware(NameScripts)]

app = st.App(
    Path(__file__).parent / "pages" / "shell.py",
    lifespan=lifespan,
    routes=routes,
    middleware=middleware,
    on_script_error=say_uncaught,
)
