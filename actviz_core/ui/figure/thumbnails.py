"""Small pictures at addresses of their own, which the browser asks for when somebody points at a point."""

import asyncio
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image

from actviz_core.errors import ActVizError
from actviz_core.samples import open_source
from actviz_core.settings import Settings
from actviz_core.workspace.shared import shared_workspace

SIDE: Final = 96
"""Pixels, three times those of CIFAR-10."""

_AT_ONCE: Final = asyncio.Semaphore(2)  # so that pictures asked for in haste leave threads to everything else

_HEADERS: Final = MappingProxyType(
    {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
)


def thumbnail_address(source: str, version: str) -> str:
    """The address of a source's thumbnails, with ITEM for the index; another version is fetched anew."""
    return f"thumbnail/{source}/ITEM?version={version[:12]}"


async def thumbnail(source: str, index: int) -> tuple[bytes, Mapping[str, str]] | None:
    """Content (WebP) and headers of the thumbnail of ``<source>/<index>``; None if there is none."""
    async with _AT_ONCE:
        content = await asyncio.to_thread(thumbnail_content, source, index, shared_workspace().settings)
    return None if content is None else (content, _HEADERS)


def thumbnail_content(source: str, index: int, settings: Settings) -> bytes | None:
    """The thumbnail as a WebP file; None if there is no such picture. No network runs for it."""
    try:
        pixels = open_source(source, settings).thumbnails(np.array([index]), SIDE)[0]
    except (ActVizError, OverflowError, OSError):
        return None
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "webp", lossless=True, quality=0, method=0)
    return content.getvalue()
