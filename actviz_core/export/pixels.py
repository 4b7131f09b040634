"""Arrays to pixels: colours through look-up tables, cells onto the places that axes give them."""

import base64
import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

from actviz_core.errors import ExportError
from actviz_core.export.axes import Axis, Box
from actviz_core.export.lettering import Color

Bytes = npt.NDArray[np.uint8]
Grid = tuple[float, float]
"""The centre of the first cell and the distance to the next, in an axis' values."""

STEPS = 1024
"""Colours in a look-up table: four times as many as a channel of a picture can tell apart."""


def color_of(text: str) -> Color:
    """Read a CSS colour: a name, ``#rrggbb``, ``rgb(...)``, or ``rgba(...)`` with alpha from 0 to 1."""
    rgba = re.fullmatch(r"rgba\((.+),(.+),(.+),(.+)\)", text.replace(" ", ""))
    try:
        if rgba is not None:
            red, green, blue, alpha = (float(part) for part in rgba.groups())
            return round(red), round(green), round(blue), round(255 * alpha)
        red, green, blue, *rest = ImageColor.getrgb(text)
        return red, green, blue, rest[0] if rest else 255
    except ValueError as error:
        raise ExportError(f"A PNG cannot draw the colour {text!r}.") from error


def color_table(colorscale: Sequence[Sequence[Any]]) -> Bytes:
    """The `STEPS` colours of a scale, uint8 (STEPS, 4); stops are mixed in RGB, as in plotly.js."""
    stops = [float(stop) for stop, _ in colorscale]
    colors = np.array([color_of(str(color)) for _, color in colorscale], np.float64)
    at = np.linspace(0, 1, STEPS)
    mixed = np.stack([np.interp(at, stops, part) for part in colors.T], axis=1)
    return np.rint(mixed).astype(np.uint8)


def colored(values: npt.NDArray[np.generic], table: Bytes, low: float, high: float, opacity: float) -> Bytes:
    """Colours (H, W, 4) of values (H, W); NaN is transparent, what lies beyond the ends has their colour."""
    numbers = values.astype(np.result_type(values.dtype, np.float32), copy=False)
    with np.errstate(invalid="ignore", over="ignore"):
        place = (numbers - low) * ((STEPS - 1) / ((high - low) or 1.0)) + 0.5
        index = np.nan_to_num(place, nan=STEPS, posinf=STEPS - 1, neginf=0)
    index = np.where(np.isnan(numbers), STEPS, np.clip(index, 0, STEPS - 1)).astype(np.int16)
    with_blank = np.concatenate([table, np.zeros((1, 4), np.uint8)])
    if opacity < 1:
        with_blank[:, 3] = np.rint(with_blank[:, 3] * opacity)
    packed = with_blank.view(np.uint32)[:, 0]
    return packed[index].view(np.uint8).reshape(*index.shape, 4)


def lay_cells(picture: Image.Image, cells: Bytes, x: Axis, y: Axis, columns_at: Grid, rows_at: Grid) -> None:
    """Draw cells (H, W, 4) where two axes put them; the grids say where the cells are on these axes.

    Each pixel takes the cell that its centre lies in. Cells smaller than a pixel are averaged instead, so
    that none is lost.
    """
    box = _visible(picture, x, y)
    if box.right <= box.left or box.bottom <= box.top:
        return
    across, down = (
        _cell_numbers(box.left, box.right, x, columns_at),
        _cell_numbers(box.top, box.bottom, y, rows_at),
    )
    if min(abs(columns_at[1] * x.cell), abs(rows_at[1] * y.cell)) < 1:
        _lay_averaged(picture, cells, box, across, down)
        return
    columns, rows = np.floor(across[1:-1]).astype(np.int64), np.floor(down[1:-1]).astype(np.int64)
    kept_columns, kept_rows = _inside(columns, cells.shape[1]), _inside(rows, cells.shape[0])
    columns, rows = columns[kept_columns], rows[kept_rows]
    if not (columns.size and rows.size):
        return
    packed = np.ascontiguousarray(cells).view(np.uint32)[:, :, 0]
    drawn = packed[:, columns][rows]
    corner = int(box.left) + int(kept_columns.argmax()), int(box.top) + int(kept_rows.argmax())
    _paste(picture, Image.fromarray(drawn.view(np.uint8).reshape(*drawn.shape, 4)), corner)


def decoded(source: str) -> Bytes:
    """The pixels (H, W, 4) of a picture in a data URI. Raises `ExportError` for any other address."""
    head, _, content = source.partition(";base64,")
    if not head.startswith("data:image/"):
        raise ExportError("A PNG can only hold pictures that are part of the figure, as data URIs.")
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        return np.asarray(image.convert("RGBA"))


def lay_image(picture: Image.Image, image: Bytes, box: Box, *, opacity: float, smooth: bool) -> None:
    """Stretch an image (H, W, 4) into a rectangle of the picture."""
    left, top = round(box.left), round(box.top)
    size = max(1, round(box.right) - left), max(1, round(box.bottom) - top)
    filtering = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    resized = Image.fromarray(image).resize(size, filtering)
    if opacity < 1:
        resized.putalpha(resized.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    _paste(picture, resized, (left, top))


def _lay_averaged(
    picture: Image.Image,
    cells: Bytes,
    box: Box,
    across: npt.NDArray[np.float64],
    down: npt.NDArray[np.float64],
) -> None:
    """Shrink the cells that lie in the box; ``across`` and ``down`` begin and end with its edges."""
    height, width = cells.shape[:2]
    image = Image.fromarray(np.ascontiguousarray(cells))
    if across[0] > across[-1]:
        image, across = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), width - across
    if down[0] > down[-1]:
        image, down = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), height - down
    a, b = (np.clip(edge, 0, width) for edge in (across[0], across[-1]))
    c, d = (np.clip(edge, 0, height) for edge in (down[0], down[-1]))
    if a >= b or c >= d:
        return
    per_column, per_row = (box.right - box.left) / (across[-1] - across[0]), box.height / (down[-1] - down[0])
    left, top = box.left + (a - across[0]) * per_column, box.top + (c - down[0]) * per_row
    size = max(1, round((b - a) * per_column)), max(1, round((d - c) * per_row))
    shrunk = image.resize(size, Image.Resampling.BOX, box=(float(a), float(c), float(b), float(d)))
    _paste(picture, shrunk, (round(left), round(top)))


def _visible(picture: Image.Image, x: Axis, y: Axis) -> Box:
    """The whole pixels of a subplot."""
    left, right = sorted((x.start, x.end))
    top, bottom = sorted((y.start, y.end))
    return Box(
        max(0, round(left)),
        max(0, round(top)),
        min(picture.width, round(right)),
        min(picture.height, round(bottom)),
    )


def _cell_numbers(start: float, end: float, axis: Axis, grid: Grid) -> npt.NDArray[np.float64]:
    """In which cell, as a fraction, each pixel's centre lies; before and after them the two edges."""
    pixels = np.concatenate([[start], np.arange(start, end) + 0.5, [end]])
    first, step = grid
    return (axis.value(pixels) - first) / step + 0.5


def _inside(numbers: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.bool_]:
    return (numbers >= 0) & (numbers < count)


def _paste(picture: Image.Image, image: Image.Image, corner: tuple[int, int]) -> None:
    picture.paste(image, corner, image)
