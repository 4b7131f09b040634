"""A picture with the box of pixels that a cell can see, and how much each of them matters."""

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import frame_box
from actviz_core.figures.channel_map import channel_map
from actviz_core.figures.colors import ACCENT, Colors
from actviz_core.units import percent

_SMALL = 0.05  # of the picture's longer side: a box that has to be pointed at
_ARROW = 36  # pixels along each side

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
        if max(bottom - top, right - left) < _SMALL * max(picture.shape[:2]):
            figure.add_annotation(**_pointer(box, (picture.shape[0], picture.shape[1])))
    return figure


def _pointer(box: tuple[int, int, int, int], size: tuple[int, int]) -> dict[str, Any]:
    """An arrow from the picture's middle towards a box too small to be found at a glance, with its size."""
    top, bottom, left, right = box
    row, column = (top + bottom - 1) / 2, (left + right - 1) / 2
    return {
        "x": column,
        "y": row,
        "ax": _ARROW if column < size[1] / 2 else -_ARROW,
        "ay": _ARROW if row < size[0] / 2 else -_ARROW,
        "text": f"{bottom - top} x {right - left}",
        "arrowcolor": ACCENT,
        "arrowhead": 2,
        "standoff": 4,
        "bgcolor": ACCENT,
        "font": {"color": "white", "size": 11},
    }
