"""The signed difference of two activations: all channels, or one."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis import Difference
from actviz_core.figures.canvas import legend_note, message_figure
from actviz_core.figures.channel_grid import channel_grid
from actviz_core.figures.channel_map import channel_map
from actviz_core.figures.colors import Colors

LEGEND = "red: more in the first, blue: in the second"

LEGEND_ROOM = 540
"""Pixels of a figure that has room for it beside the colour bar."""


def difference_map(
    difference: Difference,
    *,
    channel: int | None = None,
    order: npt.ArrayLike | None = None,
    width: int = 1000,
) -> go.Figure:
    """Draw first minus second in red and blue about zero: a channel grid, or one channel as a large map.

    Args:
        difference: of two activations.
        channel: which one to draw alone; one that is not there is said. None draws the grid.
        order: the grid's channels, in display order; None is all, the largest difference first.
        width: about how wide the figure will be drawn, in pixels; below 540 the colours aren't explained.

    Raises:
        ShapeError: if the grid's order has a channel that is not there.

    """
    maps = difference.maps
    if channel is not None:
        if not 0 <= channel < len(maps):
            return message_figure(f"There is no channel {channel}: both have channels 0 to {len(maps) - 1}.")
        figure = channel_map(maps[channel], colors=Colors.RDBU, width=width)
    else:
        if order is None:
            length = np.linalg.norm(np.nan_to_num(maps).reshape(len(maps), -1).astype(np.float64), axis=1)
            order = np.argsort(-length, kind="stable")
        channels = np.asarray(order)
        figure = channel_grid(maps, channels=channels, colors=Colors.RDBU, width=width)
    if figure.data and width >= LEGEND_ROOM:
        which = "" if channel is None else f"channel {channel}, "
        figure.add_annotation(legend_note(which + LEGEND))
    return figure
