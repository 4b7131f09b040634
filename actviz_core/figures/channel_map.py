"""One map, large, with exact values on hover; over the input picture if wanted."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    MARGIN,
    Options,
    color_bar_above,
    draw,
    drawing_height,
    square_cells,
)
from actviz_core.figures.colors import Colors, colorscale, is_centred, resolve
from actviz_core.figures.pictures import data_uri, stretched_image
from actviz_core.figures.unusable import unusable_cells

HEIGHT_LIMIT = 640


def channel_map(
    values: npt.ArrayLike,
    *,
    image: npt.ArrayLike | None = None,
    opacity: float = 1.0,
    colors: Colors = Colors.AUTO,
    limits: tuple[float, float] | None = None,
    signed: bool | None = None,
    width: int = 420,
) -> go.Figure:
    """Draw one map of shape (H, W); trace 0 is a heatmap whose `z` holds the values.

    Args:
        values: one channel, or a summary of all.
        image: the input picture, uint8 (h, w, 3), stretched to the map's extent below it.
        opacity: of the map, 0 to 1; matters only over an image.
        colors: the colour scale.
        limits: values at the ends of the scale; None is the map's own range.
        signed: whether the layer has negative values, which decides `Colors.AUTO`; None looks at the map.
        width: about how wide the figure will be drawn, in pixels; decides its height.

    Raises:
        ShapeError: if `values` is not two-dimensional or holds no value.

    """
    array = np.asarray(values)
    if array.ndim != 2 or not array.size:
        raise ShapeError(f"A map must have the shape (rows, columns) and hold values; got {array.shape}.")
    array = array.astype(np.result_type(array.dtype, np.float32), copy=False)
    finite = array[np.isfinite(array)]
    lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    palette = resolve(colors, signed=lowest < 0 if signed is None else signed)
    low, high = limits or own_limits(lowest, highest, centred=is_centred(palette))
    rows, columns = array.shape
    position = "row %{y}, column %{x}<br>"
    heatmap = {
        "type": "heatmap",
        "z": array,
        "zmin": low,
        "zmax": high,
        "colorscale": colorscale(palette),
        "colorbar": color_bar_above(width=width, ends=(low, high)),
        "zsmooth": False,
        "hoverongaps": False,
        "opacity": opacity,
        "hovertemplate": f"{position}<b>%{{z:.5~g}}</b><extra></extra>",
    }
    traces = [heatmap, *unusable_cells(array, position)]
    return _over_image(traces, image, rows, columns, width=width, top=COLOR_BAR_PIXELS)


def overlay(
    image: npt.ArrayLike,
    summary: npt.ArrayLike,
    *,
    opacity: float = 0.6,
    colors: Colors = Colors.AUTO,
    width: int = 420,
) -> go.Figure:
    """Lay a summary of a layer over the input picture, uint8 (h, w, 3).

    `summary` is a map of values, shape (H, W), or colours from 0 to 1, shape (H, W, 3), such as principal
    components; `opacity` goes from 0, only the picture, to 1.

    Raises:
        ShapeError: if `summary` has another shape.

    """
    array = np.asarray(summary)
    if array.ndim == 2:
        return channel_map(array, image=image, opacity=opacity, colors=colors, width=width)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ShapeError(f"A summary must have the shape (H, W) or (H, W, 3); got {array.shape}.")
    rows, columns = array.shape[:2]
    source = data_uri(np.round(np.clip(array, 0, 1) * 255).astype(np.uint8))
    components = {
        "type": "image",
        "source": source,
        "opacity": opacity,
        "hoverinfo": "skip",
        "zsmooth": False,
    }
    return _over_image([components], image, rows, columns, width=width, top=MARGIN)


def own_limits(low: float, high: float, *, centred: bool) -> tuple[float, float]:
    """Ends of a colour scale for values from `low` to `high`; symmetric if `centred`, never equal."""
    if centred:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


def _over_image(
    traces: Sequence[Options],
    image: npt.ArrayLike | None,
    rows: int,
    columns: int,
    *,
    width: int,
    top: int,
) -> go.Figure:
    return draw(
        traces,
        height=drawing_height(rows, columns, width=width, limit=HEIGHT_LIMIT) + MARGIN + top,
        top=top,
        images=[] if image is None else [stretched_image(image, rows, columns)],
        **square_cells(rows, columns),
    )
