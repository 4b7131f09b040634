"""Many thumbnails as one picture, each of them clickable."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import MARGIN, draw, drawing_height, frame_box, message_figure, square_cells
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.pictures import data_uri
from actviz_core.figures.tiles import TileLayout

LOSSLESS_SIZE = 48
"""Thumbnails up to this many pixels, such as whole CIFAR-10 pictures, are shown without loss."""

MARK = (214, 39, 40, 255)
"""The red of the bar above a marked thumbnail, which can be seen on white and on black."""


def contact_sheet(
    thumbnails: npt.ArrayLike,
    *,
    indices: Sequence[int | str] | npt.NDArray[np.integer],
    labels: Sequence[str | None] | None = None,
    columns: int = 12,
    selected: int | None = None,
    marked: Sequence[bool] | npt.NDArray[np.bool_] | None = None,
    width: int = 900,
) -> go.Figure:
    """Draw `thumbnails`, uint8 of shape (n, s, s, 3), in reading order as one image.

    The one trace is the image. `layout.meta` says where each thumbnail lies on it, which index it has
    (`items`) and what is said of it (`labels`).

    Args:
        thumbnails: the pictures of one page.
        indices: what each thumbnail is in its source: an index or an image id.
        labels: what each shows, or None where that is unknown.
        columns: thumbnails side by side.
        selected: the position on the sheet to put a frame around.
        marked: which thumbnails have a red bar above them, one entry each; None leaves no room for bars.
        width: about how wide the figure will be drawn, in pixels; decides its height.

    Raises:
        ShapeError: if the thumbnails have another shape, or indices or labels another number.

    """
    pictures = np.asarray(thumbnails)
    if pictures.ndim != 4 or pictures.shape[3] != 3:
        raise ShapeError(f"Thumbnails must be uint8 of shape (n, s, s, 3); got shape {pictures.shape}.")
    count, tall, wide = pictures.shape[:3]
    if len(indices) != count or (labels is not None and len(labels) != count):
        raise ShapeError(f"There are {count} thumbnails, but not as many indices or labels.")
    if not count:
        return message_figure("No pictures here.")
    above = max(1, tall // (16 if marked is None else 8))
    layout = TileLayout(count, tall, wide, columns, title=above, gap=max(1, wide // 16))
    rows, cells = layout.shape
    tops, lefts = layout.origins()
    ids = np.asarray(indices).tolist()
    texts = [f"{name}" for name in ids]
    if labels is not None:
        texts = [
            text if label is None else f"{text}: {label}" for text, label in zip(texts, labels, strict=True)
        ]
    sheet = _sheet(pictures, layout)
    bar = max(1, above * 3 // 4)
    for tile in np.flatnonzero(np.asarray(() if marked is None else marked, bool)):
        top, left = int(tops[tile]), int(lefts[tile])
        sheet[top - bar : top, left : left + wide] = MARK
    source = data_uri(sheet, lossless=max(tall, wide) <= LOSSLESS_SIZE)
    image = {"type": "image", "source": source, "hoverinfo": "none", "zsmooth": False}
    height = drawing_height(rows, cells, width=width, limit=2 * width) + 2 * MARGIN
    framed = [] if selected is None or not 0 <= selected < count else [selected]
    return draw(
        [image],
        height=height,
        dragmode=False,
        meta={"panels": [tile_panel(layout, ids, kind="picture", labels=texts)]},
        shapes=[frame_box(int(tops[tile]), int(lefts[tile]), tall, wide) for tile in framed],
        **square_cells(rows, cells),
    )


def _sheet(pictures: npt.NDArray[np.generic], layout: TileLayout) -> npt.NDArray[np.generic]:
    """All pictures on one transparent canvas, uint8 (H, W, 4)."""
    opaque = np.array(255, pictures.dtype)
    planes = [*np.moveaxis(pictures, 3, 0), opaque]
    return np.stack([layout.canvas(plane, 0) for plane in planes], axis=2)
