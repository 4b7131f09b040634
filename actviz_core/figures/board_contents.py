"""What one panel of a board shows: its values and their traces, before it has a place and colours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.analysis import (
    ChannelStatistics,
    Summary,
    principal_components,
    summary_map,
)
from actviz_core.analysis.statistics import float_maps
from actviz_core.figures.canvas import square_cells
from actviz_core.figures.channel_map import components_trace, extremes, map_traces
from actviz_core.figures.color_range import ColorRange
from actviz_core.figures.panels import Meta, map_panel
from actviz_core.figures.tile_traces import (
    FloatMaps,
    channel_panel,
    chosen_channels,
    tile_axes,
    tile_traces,
)
from actviz_core.figures.tiles import TileLayout, fitting_layout
from actviz_core.units import share_in_words


class Show(StrEnum):
    """What every panel of a board shows."""

    GRID = "grid"
    CHANNEL = "channel"
    SUMMARY = "summary"


@dataclass(frozen=True)
class BoardPanel:
    """One activation on the board.

    Attributes:
        title: what tells this panel from the others.
        maps: shape (C, H, W).
        statistics: of the maps.
        image: the picture that the network saw, uint8 (h, w, 3).

    """

    title: str
    maps: npt.NDArray[np.generic]
    statistics: ChannelStatistics
    image: npt.NDArray[np.uint8] | None = None


Draw = Callable[[ColorRange, float], list[dict[str, Any]]]


@dataclass(frozen=True, eq=False)
class Content:
    """What one panel shows; with the defaults, nothing but a message.

    Attributes:
        cells: rows and columns.
        layout: panels whose layouts are equal can be zoomed together.
        axes: those of a figure that shows nothing else.
        draw: makes the traces, that with the values first, in colours and with an opacity over the picture.
        values: what colours stand for: all maps, (C, H, W), or the one that is shown, (H, W); None if colours
            stand for nothing.
        ends: lowest and highest finite value of these.
        layer_ends: those of the whole layer, where a part of it is shown; else None.
        signed: whether they are centred on zero, unless other colours are chosen.
        panel: what the figure says of its tiles, as `tile_panel` does.
        detail: what is said beside the panel's title.
        message: why there is no drawing.

    """

    cells: tuple[int, int] = (0, 0)
    layout: TileLayout | tuple[int, int] | None = None
    axes: Mapping[str, Any] = field(default_factory=dict)
    draw: Draw = lambda _colors, _opacity: []
    values: FloatMaps | None = None
    ends: tuple[float, float] = (0.0, 0.0)
    layer_ends: tuple[float, float] | None = None
    signed: bool = False
    panel: Callable[[ColorRange], Meta] = lambda _colors: {}
    detail: str = ""
    message: str = ""


def grid_content(
    panel: BoardPanel,
    order: npt.ArrayLike | None,
    *,
    which: str = "",
    width: int,
    limit: int,
) -> Content:
    """The channels of `order`, as large as they can be in `width` x `limit` pixels.

    Where some are left out, that is said, followed by `which` ones these are.
    """
    maps = float_maps(panel.maps)
    shown = chosen_channels(order, len(maps))
    detail = f"{shown.size} of {len(maps):,}" if shown.size < len(maps) else ""
    if detail and which:
        detail += f", {which}"
    if not shown.size:
        return Content(detail=detail, message="No channel to show.")
    tiles = fitting_layout(len(shown), *maps.shape[1:], pixels=width, limit=limit)
    statistics = panel.statistics
    return Content(
        cells=tiles.shape,
        layout=tiles,
        axes=tile_axes(tiles),
        draw=lambda colors, _opacity: tile_traces(maps, shown, tiles, statistics, colors),
        values=maps,
        ends=_ends_of_layer(statistics),
        signed=statistics.signed,
        panel=lambda colors: channel_panel(shown, tiles, colors),
        detail=detail,
    )


def _ends_of_layer(statistics: ChannelStatistics) -> tuple[float, float]:
    return extremes(np.concatenate([statistics.minimum, statistics.maximum]))


def channel_content(panel: BoardPanel, channel: int) -> Content:
    """One channel, or why there is none."""
    maps = float_maps(panel.maps)
    detail = f"channel {channel}"
    if not 0 <= channel < len(maps):
        last = len(maps) - 1
        has = f"channels 0 to {last:,}" if last else "channel 0 only"
        return Content(detail=detail, message=f"No channel {channel} here:<br>this layer has {has}.")
    detail += f", {panel.statistics.strength[channel]}"
    content = _map_content(maps[channel], signed=panel.statistics.signed, detail=detail, channel=channel)
    return replace(content, layer_ends=_ends_of_layer(panel.statistics))


def summary_content(panel: BoardPanel, summary: Summary | None) -> Content:
    """A summary of all channels; None is their first three principal components as colours."""
    if summary is not None:
        values = summary_map(panel.maps, summary)
        return _map_content(values, signed=extremes(values)[0] < 0, detail=summary.value)
    components = principal_components(panel.maps)
    shares = [share_in_words(share) for share in components.explained if share]
    cells = components.rgb.shape[0], components.rgb.shape[1]
    return Content(
        cells=cells,
        layout=cells,
        axes=square_cells(*cells),
        draw=lambda _colors, opacity: [components_trace(components.rgb, opacity=opacity)],
        panel=lambda _colors: map_panel(*cells),
        detail=", ".join(shares) or "no variation",
    )


def _map_content(values: FloatMaps, *, signed: bool, detail: str, channel: int | None = None) -> Content:
    cells = values.shape[0], values.shape[1]
    return Content(
        cells=cells,
        layout=cells,
        axes=square_cells(*cells),
        draw=lambda colors, opacity: map_traces(values, colors, opacity=opacity),
        values=values,
        ends=extremes(values),
        signed=signed,
        panel=lambda _colors: map_panel(*cells, kind="" if channel is None else "channel", item=channel),
        detail=detail,
    )
