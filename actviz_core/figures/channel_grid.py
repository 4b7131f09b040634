"""All channels of a layer as tiles of one heatmap, with clickable titles."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis import (
    ChannelStatistics,
    ValueRange,
    channel_ranges,
    channel_statistics,
    percentile_range,
    shared_range,
)
from actviz_core.analysis.statistics import float_maps
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    MARGIN,
    color_bar_above,
    draw,
    drawing_height,
    legend_note,
    message_figure,
)
from actviz_core.figures.color_range import CLIPPED, ColorRange
from actviz_core.figures.colors import Colors, is_centred, resolve
from actviz_core.figures.tile_traces import (
    FloatMaps,
    channel_panel,
    chosen_channels,
    tile_axes,
    tile_frames,
    tile_traces,
)
from actviz_core.figures.tiles import tile_layout

HEIGHT_LIMIT = 1000
"""Pixels above which a grid is scaled down rather than made higher."""


def channel_grid(
    maps: npt.ArrayLike,
    *,
    channels: Sequence[int] | npt.NDArray[np.integer] | None = None,
    columns: int | None = None,
    colors: Colors = Colors.AUTO,
    value_range: ValueRange = ValueRange.SHARED,
    selected: int | None = None,
    statistics: ChannelStatistics | None = None,
    width: int = 1000,
) -> go.Figure:
    """Draw the channels of one activation, `maps` of shape (C, H, W), as tiles of one heatmap.

    Trace 0 is the heatmap: its `z` holds the values themselves, NaN between the tiles, and its `customdata`
    the channel's number for every cell. With a colour range of its own for each channel, `z` runs from 0 to 1
    (-1 to 1 around zero), `customdata` holds the values and `text` the channel. The last trace is the titles:
    one point a tile, `customdata` the channel's number. Between them, NaN and infinite cells have a trace
    each where they occur. Hovering a cell shows channel, row, column and value.

    Args:
        maps: anything numpy can convert, a CPU tensor too.
        channels: which channels, in display order; None is all of them.
        columns: tiles side by side; None chooses.
        colors: the colour scale.
        value_range: which values share a colour range. Shared and percentile ranges come from the whole
            layer, so they stay the same from page to page.
        selected: the channel to put a frame around.
        statistics: the layer's, if they are at hand.
        width: about how wide the figure will be drawn, in pixels; decides its height and the room for titles.

    Raises:
        ShapeError: if `maps` is not three-dimensional, holds no value, or lacks one of `channels`.

    """
    values = float_maps(maps)
    shown = chosen_channels(channels, len(values))
    if not shown.size:
        return message_figure("No channel to show.")
    statistics = channel_statistics(values) if statistics is None else statistics
    layout = tile_layout(len(shown), *values.shape[1:], columns=columns, pixels=width)
    palette = resolve(colors, signed=statistics.signed)
    scale = _color_range(values, statistics, value_range, palette, width=width)
    return draw(
        tile_traces(values, shown, layout, statistics, scale),
        height=drawing_height(*layout.shape, width=width, limit=HEIGHT_LIMIT) + MARGIN + COLOR_BAR_PIXELS,
        top=COLOR_BAR_PIXELS,
        annotations=[legend_note(scale.legend)] if scale.legend else [],
        shapes=tile_frames(shown, layout, selected),
        meta={"panels": [channel_panel(shown, layout, scale)]},
        **tile_axes(layout),
    )


def grid_limits(
    maps: npt.ArrayLike,
    statistics: ChannelStatistics,
    channel: int,
    *,
    colors: Colors = Colors.AUTO,
    value_range: ValueRange = ValueRange.SHARED,
) -> tuple[float, float]:
    """The values at the ends of the colours that a channel's tile has in `channel_grid`.

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value.

    """
    centred = is_centred(resolve(colors, signed=statistics.signed))
    if value_range is ValueRange.CHANNEL:
        low, high = channel_ranges(statistics, centred=centred)
        return float(low[channel]), float(high[channel])
    if value_range is ValueRange.PERCENTILE:
        return percentile_range(float_maps(maps), statistics, centred=centred)
    return shared_range(statistics, centred=centred)


def _color_range(
    values: FloatMaps, statistics: ChannelStatistics, value_range: ValueRange, palette: Colors, *, width: int
) -> ColorRange:
    centred = is_centred(palette)
    if value_range is ValueRange.CHANNEL:
        low, high = channel_ranges(statistics, centred=centred)
        ticks = {-1.0: "-max", 0.0: "0", 1.0: "+max"} if centred else {0.0: "lowest", 1.0: "highest"}
        bar = color_bar_above(width=width, tickvals=list(ticks), ticktext=list(ticks.values()))
        legend = "each channel's own range: point at its number"
        return ColorRange(palette, min(ticks), 1.0, bar, low, high, legend)
    legend = ""
    if value_range is ValueRange.PERCENTILE:
        ends = percentile_range(values, statistics, centred=centred)
        legend = CLIPPED
    else:
        ends = shared_range(statistics, centred=centred)
    return ColorRange(palette, *ends, color_bar_above(width=width, ends=ends), legend=legend)
