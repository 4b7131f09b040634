"""Decoded pictures that everybody on a server shares, and how much memory they take."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from actviz_core.system.cache import ByteCache

_MB = 2**20


def _bytes_of(image: Image.Image) -> int:
    return 4 * image.width * image.height  # as PIL keeps RGB


@dataclass(frozen=True)
class PictureMemory:
    """Three caches, each bounded in bytes: pictures in files, uploads, and thumbnails of files."""

    files: ByteCache[Hashable, Image.Image] = field(default_factory=lambda: ByteCache(128 * _MB, _bytes_of))
    uploads: ByteCache[Hashable, Any] = field(
        default_factory=lambda: ByteCache(128 * _MB, lambda sample: _bytes_of(sample.image))
    )
    thumbnails: ByteCache[Any, NDArray[np.uint8]] = field(
        default_factory=lambda: ByteCache(64 * _MB, lambda tile: tile.nbytes)
    )

    @property
    def used_bytes(self) -> int:
        """How much all three hold now."""
        return sum(each.use().used_bytes for each in (self.files, self.uploads, self.thumbnails))

    @property
    def capacity_bytes(self) -> int:
        """How much they hold at most."""
        return sum(each.use().capacity_bytes for each in (self.files, self.uploads, self.thumbnails))


@cache
def picture_memory() -> PictureMemory:
    """The pictures that this process keeps decoded; sources and uploads share them."""
    return PictureMemory()


picture_memory()  # at import: of two threads that came first, each would make its own
