"""Starts the app: `streamlit run dashboard.py`. Warms up before the first visitor comes; has no UI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from actviz_core.ui.preload import PreloadStills


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Load torch and the default network, and run it once, before the first page is asked for."""
    from actviz_core.ui.warmup import warm_up

    await asyncio.to_thread(warm_up)
    yield {}


app = st.App(
    Path(__file__).parent / "pages" / "shell.py", lifespan=lifespan, middleware=[Middleware(PreloadStills)]
)
