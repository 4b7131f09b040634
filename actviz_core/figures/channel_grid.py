"""All channels of a layer as tiles of one heatmap, with clickable titles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis import (
    ChannelStatistics,
    ValueRange,
    channel_ranges,
    channel_statistics,
    percentile_range,
    share_in_words,
    shared_range,
)
from actviz_core.analysis.statistics import float_maps
from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    MARGIN,
    color_bar_above,
    draw,
    drawing_height,
    frame_box,
    legend_note,
    message_figure,
    square_cells,
)
from actviz_core.figures.colors import ACCENT, Colors, colorscale, is_centred, resolve
from actviz_core.figures.tiles import TileLayout, tile_layout
from actviz_core.figures.unusable import unusable_cells

FloatMaps = npt.NDArray[np.floating]

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
    shown = np.arange(len(values)) if channels is None else np.asarray(channels, np.int64).reshape(-1)
    if not shown.size:
        return message_figure("No channel to show.")
    if shown.min() < 0 or shown.max() >= len(values):
        raise ShapeError(f"There are channels 0 to {len(values) - 1}; got {shown.min()} to {shown.max()}.")
    statistics = channel_statistics(values) if statistics is None else statistics
    layout = tile_layout(len(shown), *values.shape[1:], columns=columns, pixels=width)
    palette = resolve(colors, signed=statistics.signed)
    scaled = _scaled(values, statistics, value_range, centred=is_centred(palette), width=width)
    drawn = values if channels is None else values[shown]
    traces = [_heatmap(drawn, shown, layout, scaled, palette), *_flaws(drawn, shown, layout, statistics)]
    rows, cells = layout.shape
    axes = square_cells(rows, cells)
    # Never drawn: hover labels take an axis's tick text where a position has one, here the cell in its tile.
    axes["xaxis"] |= {"tickmode": "array", "tickvals": np.arange(cells), "ticktext": layout.cell_columns()}
    axes["yaxis"] |= {"tickmode": "array", "tickvals": np.arange(rows), "ticktext": layout.cell_rows()}
    return draw(
        [*traces, _titles(shown, layout, statistics, scaled)],
        height=drawing_height(rows, cells, width=width, limit=HEIGHT_LIMIT) + MARGIN + COLOR_BAR_PIXELS,
        top=COLOR_BAR_PIXELS,
        annotations=[legend_note(scaled.legend)] if scaled.legend else [],
        shapes=[_frame(int(tile), layout) for tile in np.flatnonzero(shown == selected)],
        **axes,
    )


def _frame(tile: int, layout: TileLayout) -> dict[str, Any]:
    row, column = (int(origin[tile]) for origin in layout.origins())
    return frame_box(row, column, layout.height, layout.width)


@dataclass(frozen=True)
class _Scaled:
    """From where to where colours run: (C,) arrays with a range a channel, or one (low, high) for all."""

    low: float
    high: float
    channel_low: npt.NDArray[np.float64] | None
    channel_high: npt.NDArray[np.float64] | None
    bar: dict[str, Any]
    legend: str


def _scaled(
    values: FloatMaps, statistics: ChannelStatistics, value_range: ValueRange, *, centred: bool, width: int
) -> _Scaled:
    match value_range:
        case ValueRange.CHANNEL:
            low, high = channel_ranges(statistics, centred=centred)
            ticks = {-1.0: "-max", 0.0: "0", 1.0: "+max"} if centred else {0.0: "lowest", 1.0: "highest"}
            bar = color_bar_above(width=width, tickvals=list(ticks), ticktext=list(ticks.values()))
            return _Scaled(min(ticks), 1.0, low, high, bar, "each channel's own range: point at its number")
        case ValueRange.PERCENTILE:
            lowest, highest = percentile_range(values, statistics, centred=centred)
            return _Scaled(
                lowest,
                highest,
                None,
                None,
                color_bar_above(width=width, ends=(lowest, highest)),
                "up to 2 % of the values lie beyond the ends",
            )
        case _:
            low_end, high_end = shared_range(statistics, centred=centred)
            bar = color_bar_above(width=width, ends=(low_end, high_end))
            return _Scaled(low_end, high_end, None, None, bar, "")


def _heatmap(
    drawn: FloatMaps, shown: npt.NDArray[np.int64], layout: TileLayout, scaled: _Scaled, palette: Colors
) -> dict[str, Any]:
    """The one heatmap. Even spacing, no smoothing and no brick gaps keep plotly.js on its fast path."""
    cells = _channel_cells(shown, layout)
    options: dict[str, Any] = {"z": layout.canvas(drawn, np.nan), "customdata": cells}
    channel, value = "customdata", "z"
    if scaled.channel_low is not None and scaled.channel_high is not None:
        low = scaled.channel_low[shown, None, None]
        span = scaled.channel_high[shown, None, None] - low
        relative = (scaled.low + (drawn - low) / span * (scaled.high - scaled.low)).astype(np.float32)
        options = {"z": layout.canvas(relative, np.nan), "customdata": options["z"], "text": cells}
        channel, value = "text", "customdata"
    return dict(
        **options,
        type="heatmap",
        zmin=scaled.low,
        zmax=scaled.high,
        colorscale=colorscale(palette),
        colorbar=scaled.bar,
        zsmooth=False,
        hoverongaps=False,
        hovertemplate=f"channel %{{{channel}}}<br>row %{{y}}, column %{{x}}"
        f"<br><b>%{{{value}:.5~g}}</b><extra></extra>",
    )


def _channel_cells(shown: npt.NDArray[np.int64], layout: TileLayout) -> npt.NDArray[np.generic]:
    """The channel's number for every cell of the canvas, in the smallest integer type that holds them."""
    numbers = shown.astype(np.min_scalar_type(int(shown.max())))
    return layout.canvas(numbers[:, None, None], 0)


def _flaws(
    drawn: FloatMaps, shown: npt.NDArray[np.int64], layout: TileLayout, statistics: ChannelStatistics
) -> list[dict[str, Any]]:
    if not (statistics.nan_count[shown] + statistics.inf_count[shown]).any():
        return []
    place = "channel %{customdata}<br>row %{y}, column %{x}"
    return unusable_cells(layout.canvas(drawn, 0), f"{place}<br>", customdata=_channel_cells(shown, layout))


def _titles(
    shown: npt.NDArray[np.int64], layout: TileLayout, statistics: ChannelStatistics, scaled: _Scaled
) -> dict[str, Any]:
    """Channel numbers above the tiles, each a point that can be clicked and tells the channel's numbers."""
    rows, columns = layout.origins()
    return {
        "type": "scatter",
        "x": columns + (layout.width - 1) / 2,
        "y": rows - (layout.title + 1) / 2,
        "mode": "markers+text",
        "text": [str(channel) for channel in shown],
        "textfont": {"size": 11},
        "customdata": shown,
        "hovertext": [_title_hover(int(channel), statistics, scaled) for channel in shown],
        "hovertemplate": "%{hovertext}<extra></extra>",
        # Invisible but there: the points are what can be clicked. Both opacities, or other titles fade.
        "marker": {
            "size": 22,
            "symbol": "square",
            "color": "rgba(0,0,0,0)",
            "opacity": 1,
            "line": {"width": 0},
        },
        "selected": {"marker": {"opacity": 1}, "textfont": {"color": ACCENT}},
        "unselected": {"marker": {"opacity": 1}},
        "cliponaxis": False,
    }


def _title_hover(channel: int, statistics: ChannelStatistics, scaled: _Scaled) -> str:
    lines = [f"<b>channel {channel}</b>"]
    if statistics.silent[channel]:
        lines.append("silent: zero everywhere")
    elif statistics.peak_row[channel] >= 0:
        low, high, mean = (a[channel] for a in (statistics.minimum, statistics.maximum, statistics.mean))
        lines.append(f"{low:.4g} to {high:.4g}, mean {mean:.4g}")
        lines.append(f"active in {share_in_words(statistics.active[channel])}")
    if scaled.channel_low is not None and scaled.channel_high is not None:
        lines.append(f"colours from {scaled.channel_low[channel]:.4g} to {scaled.channel_high[channel]:.4g}")
    if unusable := int(statistics.nan_count[channel] + statistics.inf_count[channel]):
        lines.append(f"{unusable:,} not finite")
    return "<br>".join(lines)
