"""Channels as tiles: one heatmap with clickable titles, and the axes that name its cells."""

from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.analysis import ChannelStatistics, Strength
from actviz_core.analysis.strength import RULES
from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import Options, frame_box, square_cells
from actviz_core.figures.color_range import ColorRange
from actviz_core.figures.panels import Meta, tile_panel
from actviz_core.figures.tiles import TileLayout
from actviz_core.figures.unusable import unusable_cells
from actviz_core.units import share_in_words

FloatMaps = npt.NDArray[np.floating]
Channels = npt.NDArray[np.int64]

_EXPLAINED = (Strength.SILENT, Strength.NEARLY_SILENT, Strength.UNKNOWN)  # on hover, beside the numbers


def chosen_channels(channels: npt.ArrayLike | None, count: int) -> Channels:
    """The channels to show, in display order; None is all of them.

    Raises:
        ShapeError: if one of them is not among the `count` channels.

    """
    shown = np.arange(count) if channels is None else np.asarray(channels, np.int64).reshape(-1)
    if shown.size and (shown.min() < 0 or shown.max() >= count):
        raise ShapeError(f"There are channels 0 to {count - 1}; got {shown.min()} to {shown.max()}.")
    return shown


def tile_traces(
    maps: FloatMaps, shown: Channels, layout: TileLayout, statistics: ChannelStatistics, colors: ColorRange
) -> list[dict[str, Any]]:
    """The heatmap of the channels `shown` of `maps` (C, H, W), their unusable cells, and their titles.

    The first trace is the heatmap: its `z` holds the values themselves, NaN between the tiles, and its
    `customdata` the channel's number for every cell. With a colour range of its own for each channel, `z`
    runs between the ends of the colour scale, `customdata` holds the values and `text` the channel. The last
    trace is the titles: one point a tile, `customdata` the channel's number. Between them, NaN and infinite
    cells have a trace each where they occur.
    """
    drawn = maps if len(shown) == len(maps) and (shown == np.arange(len(maps))).all() else maps[shown]
    cells = _channel_cells(shown, layout)
    return [
        _heatmap(drawn, shown, layout, colors, cells),
        *_flaws(drawn, shown, layout, statistics, cells),
        _titles(shown, layout, statistics, colors),
    ]


def channel_panel(shown: Channels, layout: TileLayout, colors: ColorRange) -> Meta:
    """What the figure says of these tiles, for whoever asks where a channel's cells lie."""
    values = "z" if colors.channel_low is None else "customdata"
    return tile_panel(layout, shown, kind="channel", values=values)


def tile_axes(layout: TileLayout) -> dict[str, Any]:
    """Axes of square cells that hold the whole canvas and name each cell by its place in its tile."""
    rows, columns = layout.shape
    axes = square_cells(rows, columns)
    # Never drawn: hover labels take an axis's tick text where a position has one, here the cell in its tile.
    axes["xaxis"] |= {
        "tickmode": "array",
        "tickvals": np.arange(columns),
        "ticktext": layout.cell_columns(),
    }
    axes["yaxis"] |= {"tickmode": "array", "tickvals": np.arange(rows), "ticktext": layout.cell_rows()}
    return axes


def tile_frames(shown: Channels, layout: TileLayout, selected: int | None) -> list[dict[str, Any]]:
    """The shapes that put a frame around the selected channel, where it is shown."""
    rows, columns = layout.origins()
    return [
        frame_box(int(rows[tile]), int(columns[tile]), layout.height, layout.width)
        for tile in np.flatnonzero(shown == selected)
    ]


def _heatmap(
    drawn: FloatMaps,
    shown: Channels,
    layout: TileLayout,
    colors: ColorRange,
    cells: npt.NDArray[np.generic],
) -> dict[str, Any]:
    options: Options = {"z": layout.canvas(drawn, np.nan), "customdata": cells}
    channel, value = "customdata", "z"
    if colors.channel_low is not None and colors.channel_high is not None:
        low = colors.channel_low[shown, None, None]
        span = colors.channel_high[shown, None, None] - low
        relative = (colors.low + (drawn - low) / span * (colors.high - colors.low)).astype(np.float32)
        options = {"z": layout.canvas(relative, np.nan), "customdata": options["z"], "text": cells}
        channel, value = "text", "customdata"
    return colors.heatmap(
        **options,
        hovertemplate=f"channel %{{{channel}}}<br>row %{{y}}, column %{{x}}"
        f"<br><b>%{{{value}:.5~g}}</b><extra></extra>",
    )


def _channel_cells(shown: Channels, layout: TileLayout) -> npt.NDArray[np.generic]:
    """The channel's number for every cell of the canvas, in the smallest integer type that holds them."""
    numbers = shown.astype(np.min_scalar_type(int(shown.max())))
    return layout.canvas(numbers[:, None, None], 0)


def _flaws(
    drawn: FloatMaps,
    shown: Channels,
    layout: TileLayout,
    statistics: ChannelStatistics,
    cells: npt.NDArray[np.generic],
) -> list[dict[str, Any]]:
    if not (statistics.nan_count[shown] + statistics.inf_count[shown]).any():
        return []
    place = "channel %{customdata}<br>row %{y}, column %{x}"
    return unusable_cells(layout.canvas(drawn, 0), f"{place}<br>", customdata=cells)


def _titles(
    shown: Channels, layout: TileLayout, statistics: ChannelStatistics, colors: ColorRange
) -> dict[str, Any]:
    """Channel numbers above the tiles, each a point that tells the channel's numbers."""
    rows, columns = layout.origins()
    return {
        "type": "scatter",
        "x": columns + (layout.width - 1) / 2,
        "y": rows - (layout.title + 1) / 2,
        "mode": "text",
        "text": [str(channel) for channel in shown],
        "textfont": {"size": 11},
        "customdata": shown,
        "hovertext": [_title_hover(int(channel), statistics, colors) for channel in shown],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
    }


def _title_hover(channel: int, statistics: ChannelStatistics, colors: ColorRange) -> str:
    word = Strength(statistics.strength[channel])
    lines = [f"<b>channel {channel}</b>", f"{word}: {RULES[word]}" if word in _EXPLAINED else word.value]
    if word is not Strength.SILENT and statistics.peak_row[channel] >= 0:
        low, high, mean = (a[channel] for a in (statistics.minimum, statistics.maximum, statistics.mean))
        lines.append(f"{low:.4g} to {high:.4g}, mean {mean:.4g}")
        cells = "usable cells" if statistics.nan_count[channel] + statistics.inf_count[channel] else "cells"
        lines.append(f"active in {share_in_words(statistics.active[channel])} of its {cells}")
    if colors.channel_low is not None and colors.channel_high is not None:
        lines.append(f"colours from {colors.channel_low[channel]:.4g} to {colors.channel_high[channel]:.4g}")
    if unusable := int(statistics.nan_count[channel] + statistics.inf_count[channel]):
        lines.append(f"{unusable:,} not finite")
    return "<br>".join(lines)
