"""One map, large, with exact values on hover; over the input picture if wanted."""

from collections.abc import Sequence
from typing import Any

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
from actviz_core.figures.color_range import ColorRange
from actviz_core.figures.colors import Colors, is_centred, resolve
from actviz_core.figures.panels import map_panel
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
    channel: int | None = None,
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
        channel: whose map it is, if it is one channel's.
        width: about how wide the figure will be drawn, in pixels; decides its height.

    Raises:
        ShapeError: if `values` is not two-dimensional or holds no value.

    """
    array = float_map(values)
    lowest, highest = extremes(array)
    palette = resolve(colors, signed=lowest < 0 if signed is None else signed)
    ends = limits or own_limits(lowest, highest, centred=is_centred(palette))
    scale = ColorRange(palette, *ends, color_bar_above(width=width, ends=ends))
    return _over_image(
        map_traces(array, scale, opacity=opacity),
        image,
        *array.shape,
        channel=channel,
        width=width,
        top=COLOR_BAR_PIXELS,
    )


def float_map(values: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """One map as a float array of shape (H, W). Raises `ShapeError` if it is not two-dimensional or empty."""
    array = np.asarray(values)
    if array.ndim != 2 or not array.size:
        raise ShapeError(f"A map must have the shape (rows, columns) and hold values; got {array.shape}.")
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)


def extremes(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Lowest and highest finite value; zeros if there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def map_traces(
    values: npt.NDArray[np.floating], colors: ColorRange, *, opacity: float = 1.0
) -> list[dict[str, Any]]:
    """The heatmap of one map, shape (H, W), with the values themselves in `z`, and its unusable cells."""
    position = "row %{y}, column %{x}<br>"
    heatmap = colors.heatmap(
        z=values, opacity=opacity, hovertemplate=f"{position}<b>%{{z:.5~g}}</b><extra></extra>"
    )
    return [heatmap, *unusable_cells(values, position)]


def components_trace(rgb: npt.NDArray[np.floating], *, opacity: float) -> dict[str, Any]:
    """Colours from 0 to 1, shape (H, W, 3), as a picture."""
    return {
        "type": "image",
        "source": data_uri(np.round(np.clip(rgb, 0, 1) * 255).astype(np.uint8)),
        "opacity": opacity,
        "hoverinfo": "skip",
        "zsmooth": False,
    }


def overlay(
    image: npt.ArrayLike | None,
    summary: npt.ArrayLike,
    *,
    opacity: float = 0.6,
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
        return channel_map(array, image=image, opacity=opacity, width=width)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ShapeError(f"A summary must have the shape (H, W) or (H, W, 3); got {array.shape}.")
    components = components_trace(array, opacity=opacity)
    return _over_image([components], image, *array.shape[:2], width=width, top=MARGIN)


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
    channel: int | None = None,
    width: int,
    top: int,
) -> go.Figure:
    return draw(
        traces,
        height=drawing_height(rows, columns, width=width, limit=HEIGHT_LIMIT) + MARGIN + top,
        top=top,
        images=[] if image is None else [stretched_image(image, rows, columns)],
        meta={"panels": [map_panel(rows, columns, kind="" if channel is None else "channel", item=channel)]},
        **square_cells(rows, columns),
    )
