"""A few small pictures in one figure, each with words below it, each clickable."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import MARGIN, draw, drawing_height, message_figure, square_cells
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.pictures import data_uri
from actviz_core.figures.tiles import TileLayout

CAPTION = 20
"""Pixels above each picture for its words."""

LETTER = 6.2
"""Pixels of a letter of the words."""


def captioned_sheet(
    pictures: Sequence[npt.NDArray[np.uint8]],
    *,
    items: Sequence[str],
    captions: Sequence[str],
    columns: int = 3,
    side: int = 64,
    width: int = 420,
) -> go.Figure:
    """Draw pictures of any size, uint8 (h, w, 3), each as large as fits into a square tile of ``side`` cells.

    Trace 0 is the image, the last trace the words above the tiles; `customdata` holds the items.

    Raises:
        ShapeError: if there is not one item and one caption a picture.

    """
    if len(items) != len(pictures) or len(captions) != len(pictures):
        raise ShapeError(f"{len(pictures)} pictures need as many items and captions.")
    if not pictures:
        return message_figure("No picture to show.")
    columns = min(columns, len(pictures))
    gap = max(1, side // 16)
    cell = (width - 2 * MARGIN) / (columns * (side + gap))
    layout = TileLayout(len(pictures), side, side, columns, title=max(1, round(CAPTION / cell)), gap=gap)
    tiles = np.stack([_tile(picture, side) for picture in pictures])
    canvas = np.stack([layout.canvas(plane, 0) for plane in np.moveaxis(tiles, 3, 0)], axis=2)
    image = {"type": "image", "source": data_uri(canvas), "hoverinfo": "skip", "zsmooth": False}
    tops, lefts = layout.origins()
    room = max(4, int(side * cell / LETTER))
    words = {
        "type": "scatter",
        "x": lefts + (side - 1) / 2,
        "y": tops - (layout.title + 1) / 2,
        "mode": "text",
        "text": [plain(shortened(caption, room)) for caption in captions],
        "textfont": {"size": 11},
        "customdata": list(items),
        "hovertext": [
            f"{plain(item)}<br>{plain(caption)}" for item, caption in zip(items, captions, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
    }
    rows, cells = layout.shape
    labels = [f"{item}: {caption}" for item, caption in zip(items, captions, strict=True)]
    return draw(
        [image, words],
        height=drawing_height(rows, cells, width=width, limit=3 * width) + 2 * MARGIN,
        dragmode=False,
        meta={"panels": [tile_panel(layout, list(items), kind="picture", labels=labels)]},
        **square_cells(rows, cells),
    )


def _tile(picture: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """The picture in the middle of a transparent square, (side, side, 4); its pixels stay sharp."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    rows = np.minimum((np.arange(max(1, round(height * scale))) / scale).astype(int), height - 1)
    columns = np.minimum((np.arange(max(1, round(width * scale))) / scale).astype(int), width - 1)
    tile = np.zeros((side, side, 4), np.uint8)
    top, left = (side - len(rows)) // 2, (side - len(columns)) // 2
    tile[top : top + len(rows), left : left + len(columns), :3] = picture[rows][:, columns]
    tile[top : top + len(rows), left : left + len(columns), 3] = 255
    return tile
