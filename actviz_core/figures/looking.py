"""A picture with the box of pixels that a cell can see, and how much each of them matters."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import frame_box
from actviz_core.figures.channel_map import channel_map
from actviz_core.figures.colors import Colors


def looking_figure(
    image: npt.ArrayLike,
    shares: npt.ArrayLike | None,
    *,
    box: tuple[int, int, int, int] | None,
    opacity: float = 0.7,
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
    some = bool(np.any(drawn))
    figure = channel_map(
        drawn, image=picture, opacity=opacity if some else 0.0, colors=Colors.MAGMA, signed=False, width=width
    )
    if not some:
        figure.data[0].showscale = False
    if box is not None:
        top, bottom, left, right = box
        figure.layout.shapes = [frame_box(top, left, bottom - top, right - left)]
    return figure
