"""A picture with the box of pixels that a cell can see, and how much each of them matters."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import frame_box
from actviz_core.figures.channel_map import channel_map
from actviz_core.figures.colors import Colors
from actviz_core.units import percent

_GLOW = [[0, "rgba(255,235,59,0)"], [0.15, "rgba(255,214,0,0.55)"], [1, "rgba(255,23,68,0.95)"]]
"""From nothing to a red that can be seen on any picture; what does not matter leaves the picture as it is."""


def looking_figure(
    image: npt.ArrayLike,
    shares: npt.ArrayLike | None,
    *,
    box: tuple[int, int, int, int] | None,
    width: int = 420,
) -> go.Figure:
    """Draw what the network sees, uint8 (H, W, 3), with the gradient's shares over it and a frame.

    Trace 0 is a heatmap of the shares, (H, W) from 0 to 1, on the picture's own pixels; without shares it is
    empty and the picture is seen as it is. ``box`` is top, bottom, left and right, half-open; None draws no
    frame.

    Raises:
        ShapeError: if the shares have another shape than (H, W).

    """
    picture = np.asarray(image)
    drawn = np.zeros(picture.shape[:2]) if shares is None else np.asarray(shares)
    figure = channel_map(drawn, image=picture, colors=Colors.MAGMA, signed=False, width=width)
    heatmap = figure.data[0]
    heatmap.colorscale = _GLOW
    heatmap.hovertemplate = "row %{y}, column %{x}<br><b>%{z:.3%}</b> of the gradient<extra></extra>"
    if np.any(drawn):
        heatmap.colorbar.tickvals = (0, heatmap.zmax / 2, heatmap.zmax)
        heatmap.colorbar.ticktext = tuple(percent(value, 1) for value in heatmap.colorbar.tickvals)
    else:
        heatmap.showscale = False
    if box is not None:
        top, bottom, left, right = box
        figure.layout.shapes = [frame_box(top, left, bottom - top, right - left)]
    return figure
