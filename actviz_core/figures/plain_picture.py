"""One picture as it is, its pixels sharp."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import MARGIN, draw, drawing_height, square_cells
from actviz_core.figures.pictures import data_uri


def plain_picture(picture: npt.ArrayLike, *, width: int = 320, limit: int = 320) -> go.Figure:
    """Draw a picture, uint8 (H, W, 3), as large as fits; the one trace is the image.

    Raises:
        ShapeError: if it has another type or shape.

    """
    pixels = np.asarray(picture)
    image = {"type": "image", "source": data_uri(pixels), "hoverinfo": "skip", "zsmooth": False}
    rows, columns = pixels.shape[:2]
    height = drawing_height(rows, columns, width=width, limit=limit) + 2 * MARGIN
    return draw([image], height=height, dragmode=False, **square_cells(rows, columns))
