"""Where attention heads look: one tile a head over the picture, and a map whose patches can be clicked."""

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    MARGIN,
    color_bar_above,
    draw,
    drawing_height,
    frame_box,
    square_cells,
)
from actviz_core.figures.color_range import ColorRange
from actviz_core.figures.colors import Colors
from actviz_core.figures.panels import map_panel, tile_panel
from actviz_core.figures.pictures import stretched_image
from actviz_core.figures.tile_traces import tile_axes
from actviz_core.figures.tiles import tile_layout
from actviz_core.units import percent

HEIGHT_LIMIT = 1000
COLUMNS = 4

Position = tuple[int, int]


def attention_heads(
    maps: npt.ArrayLike,
    *,
    image: npt.ArrayLike,
    chosen: Position | None = None,
    opacity: float = 0.6,
    width: int = 690,
) -> go.Figure:
    """Draw the attention from one token to every patch, one tile a head, over the picture.

    Trace 0 is the heatmap: `z` holds the weights, NaN between the tiles and where a head cannot look, and
    `customdata` the head's number. The last trace is the titles, one point a head. All heads share one colour
    scale from zero to the largest weight.

    Args:
        maps: shape (heads, H, W), NaN where the token cannot look.
        image: the picture that the network saw, uint8 (h, w, 3).
        chosen: row and column of the token that looks, if it is a patch; it gets a frame.
        opacity: of the weights over the picture.
        width: about how wide the figure will be drawn, in pixels.

    Raises:
        ShapeError: if `maps` has another shape or no finite value.

    """
    values = _weights(maps, 3)
    layout = tile_layout(len(values), *values.shape[1:], columns=COLUMNS, pixels=width)
    rows, columns = layout.origins()
    heads = np.broadcast_to(np.arange(len(values), dtype=np.int16)[:, None, None], values.shape)
    heatmap = _scale(values, width).heatmap(
        z=layout.canvas(values, np.nan),
        customdata=layout.canvas(heads, 0),
        opacity=opacity,
        hovertemplate="head %{customdata}<br>row %{y}, column %{x}<br><b>%{z:.3~p}</b><extra></extra>",
    )
    titles = {
        "type": "scatter",
        "x": columns + (layout.width - 1) / 2,
        "y": rows - (layout.title + 1) / 2,
        "mode": "text",
        "text": [f"head {head}" for head in range(len(values))],
        "textfont": {"size": 11},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    places = list(zip(rows.tolist(), columns.tolist(), strict=True))
    picture = stretched_image(image, layout.height, layout.width)
    return draw(
        [heatmap, titles],
        height=drawing_height(*layout.shape, width=width, limit=HEIGHT_LIMIT) + MARGIN + COLOR_BAR_PIXELS,
        top=COLOR_BAR_PIXELS,
        meta={"panels": [tile_panel(layout, range(len(values)), kind="head")]},
        images=[picture | {"x": column - 0.5, "y": row - 0.5} for row, column in places],
        shapes=[_frame(row + chosen[0], column + chosen[1]) for row, column in places] if chosen else [],
        **tile_axes(layout),
    )


def attention_picker(
    weights: npt.ArrayLike,
    *,
    image: npt.ArrayLike,
    chosen: Position | None = None,
    opacity: float = 0.6,
    width: int = 340,
) -> go.Figure:
    """Draw one map of attention, shape (H, W), over the picture; its patches can be clicked.

    The one trace is the heatmap: `z` holds the weights, `text` what is said of each on hover.

    Raises:
        ShapeError: if `weights` has another shape or no finite value.

    """
    values = _weights(weights, 2)
    height, columns = values.shape
    shares = [[_share(value) for value in row] for row in values]
    heatmap = _scale(values, width).heatmap(
        z=values,
        text=shares,
        opacity=opacity,
        hoverongaps=True,  # tokens out of sight can be chosen too
        hovertemplate="row %{y}, column %{x}<br>%{text}<extra></extra>",
    )
    return draw(
        [heatmap],
        height=drawing_height(height, columns, width=width, limit=HEIGHT_LIMIT) + MARGIN + COLOR_BAR_PIXELS,
        top=COLOR_BAR_PIXELS,
        meta={"panels": [map_panel(height, columns)]},
        images=[stretched_image(image, height, columns)],
        shapes=[] if chosen is None else [_frame(*chosen)],
        **square_cells(height, columns),
    )


def _share(value: np.floating) -> str:
    return f"<b>{percent(float(value), 3)}</b>" if np.isfinite(value) else "out of sight"


def _weights(values: npt.ArrayLike, dimensions: int) -> npt.NDArray[np.floating]:
    array = np.asarray(values, np.float32)
    if array.ndim != dimensions or not np.isfinite(array).any():
        raise ShapeError(
            f"Attention to draw has {dimensions} axes and holds finite values; got {array.shape}."
        )
    return array


def _scale(values: npt.NDArray[np.floating], width: int) -> ColorRange:
    ends = (0.0, float(np.nanmax(values)) or 1.0)
    bar = color_bar_above(
        width=width, tickmode="array", tickvals=list(ends), ticktext=["0", percent(ends[1], 1)]
    )
    return ColorRange(Colors.MAGMA, *ends, bar)


def _frame(row: float, column: float) -> dict[str, Any]:
    """The frame of one patch: at least so large that it can be seen."""
    return frame_box(row, column, 1, 1) | {"line": {"color": "#21d4fd", "width": 2}}
