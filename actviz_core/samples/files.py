"""A source whose pictures are image files, decoded when they are looked at."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps

from actviz_core.errors import BadImageError
from actviz_core.samples.memory import picture_memory
from actviz_core.samples.source import Source
from actviz_core.untrusted.decoding import read_image

# Keyed by path, modification time and size, so that an altered file is read again.
_Version = tuple[Path, int, int]
_Thumbnail = tuple[Path, int, int, int]  # a version, and the size in pixels


class FileSource(Source):
    """Pictures in files below ``root``, in the order of ``paths``; a link that leads out of it is refused."""

    def __init__(
        self,
        key: str,
        title: str,
        classes: Sequence[str],
        label_indices: ArrayLike,
        root: Path,
        paths: Sequence[Path],
        skipped: Sequence[str] = (),
    ) -> None:
        super().__init__(key, title, classes, label_indices, skipped)
        self.root = root.resolve()
        self.paths = tuple(paths)

    def read(self, index: int) -> Image.Image:
        """Decode a picture's file now. Raises `BadImageError`."""
        self._check([index])
        path = self.paths[index]
        return read_image(self._inside(path), plain_text(path.name))

    def stamp(self, index: int) -> tuple[int, int]:
        """Give the modification time in nanoseconds and the size in bytes; zeros where there is no file."""
        self._check([index])
        return _version(self.paths[index])[1:]

    def _image(self, index: int) -> Image.Image:
        return picture_memory().files.get(_version(self.paths[index]), lambda: self.read(index))

    def _thumbnails(self, indices: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        keys = [(*_version(self.paths[index]), size) for index in indices]
        tiles = picture_memory().thumbnails.get_many(keys, self._draw)
        return np.array([tiles[key] for key in keys], np.uint8).reshape(-1, size, size, 3)

    def _draw(self, missing: Sequence[_Thumbnail]) -> dict[_Thumbnail, NDArray[np.uint8]]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # PIL decodes without holding Python's lock
            return dict(zip(missing, pool.map(self._thumbnail, missing), strict=True))

    def _thumbnail(self, key: _Thumbnail) -> NDArray[np.uint8]:
        path, size = key[0], key[-1]
        try:
            image = read_image(self._inside(path), path.name, at_least=size)
        except BadImageError:
            return _crossed_out(size)
        return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.BOX))

    def _inside(self, path: Path) -> Path:
        """Refuse a file that by now is a link to somewhere else."""
        if not path.resolve().is_relative_to(self.root):
            raise BadImageError(
                f"{plain_text(path.name)} leads out of its folder. Put the picture itself into the folder."
            )
        return path


def plain_text(name: str) -> str:
    """Make a file's name fit to be shown: line ends, controls and undecodable bytes become U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name)


def _version(path: Path) -> _Version:
    try:
        status = path.stat()
    except OSError:  # reading it gives the message
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size


def _crossed_out(size: int) -> NDArray[np.uint8]:
    """Draw a grey tile (size, size, 3) with both diagonals."""
    tile = np.full((size, size, 3), 160, np.uint8)
    diagonal = np.arange(size)
    tile[diagonal, diagonal] = tile[diagonal, size - 1 - diagonal] = 96
    return tile
