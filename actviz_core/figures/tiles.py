"""Where each channel's tile lies on the one canvas that holds them all. Pure arithmetic on cells."""

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)

TITLE_PIXELS = 18
"""Height kept free above each tile for its title, at the expected width of the figure."""

GAP_PIXELS = 5
"""Distance between tiles, at the expected width of the figure; at least one cell."""

PAGE_SHAPE = 1.6
"""Width of a page by its height, which the automatic number of columns aims at."""


@dataclass(frozen=True)
class TileLayout:
    """`count` tiles of `height` x `width` cells in reading order, each below `title` empty rows.

    Row 0 of the canvas is its top. All distances are in cells.
    """

    count: int
    height: int
    width: int
    columns: int
    title: int
    gap: int

    @property
    def rows(self) -> int:
        """Rows of tiles."""
        return -(-self.count // self.columns)

    @property
    def pitch(self) -> tuple[int, int]:
        """Distance from one tile to the next: downwards, to the right."""
        return self.title + self.height, self.width + self.gap

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells of the canvas."""
        down, right = self.pitch
        return self.rows * down, self.columns * right - self.gap

    def origins(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Canvas row and column of each tile's first cell, two arrays of shape (count,)."""
        down, right = self.pitch
        tiles = np.arange(self.count)
        return tiles // self.columns * down + self.title, tiles % self.columns * right

    def canvas(self, maps: npt.NDArray[Scalar], fill: float) -> npt.NDArray[Scalar]:
        """The canvas with `maps`, shape (count, height, width) or broadcast to it, and `fill` in the gaps."""
        down, right = self.pitch
        canvas = np.full((self.rows, down, self.columns, right), fill, maps.dtype)
        tiles = canvas[:, self.title :, :, : self.width].transpose(0, 2, 1, 3)
        whole = self.count // self.columns
        placed = np.broadcast_to(maps, (self.count, self.height, self.width))
        split = whole * self.columns
        tiles[:whole] = placed[:split].reshape(whole, self.columns, self.height, self.width)
        if split < self.count:
            tiles[whole, : self.count - split] = placed[split:]
        return np.ascontiguousarray(canvas.reshape(self.rows * down, -1)[:, : self.shape[1]])

    def cell_rows(self) -> npt.NDArray[np.int64]:
        """The tile row each canvas row shows; negative in the gaps."""
        return np.arange(self.shape[0]) % self.pitch[0] - self.title

    def cell_columns(self) -> npt.NDArray[np.int64]:
        """The tile column each canvas column shows; `width` or more in the gaps."""
        return np.arange(self.shape[1]) % self.pitch[1]


def tile_layout(count: int, height: int, width: int, *, columns: int | None, pixels: int) -> TileLayout:
    """Lay out `count` tiles for a figure about `pixels` wide; `columns` None chooses a page-like shape."""
    if columns is None:
        columns = max(2, math.ceil(math.sqrt(PAGE_SHAPE * count * height / width)))
    columns = max(1, min(columns, max(count, 2)))
    cell = pixels / (columns * (width + 1))
    return TileLayout(
        count,
        height,
        width,
        columns,
        title=max(1, math.ceil(TITLE_PIXELS / cell)),
        gap=max(1, round(GAP_PIXELS / cell)),
    )


def fitting_layout(count: int, height: int, width: int, *, pixels: int, limit: int) -> TileLayout:
    """The largest tiles whose canvas, drawn `pixels` wide, is no more than `limit` pixels high."""
    for columns in range(1, count + 1):
        layout = tile_layout(count, height, width, columns=columns, pixels=pixels)
        rows, cells = layout.shape
        if rows * pixels <= limit * cells:
            break
    return layout
