"""A figure as a still picture, for the moment until the browser has drawn the figure itself."""

import io

import plotly.graph_objects as go

from actviz_core.export.axes import Box
from actviz_core.export.drawing import blank, draw_figure, figure_size
from actviz_core.export.lettering import Color

# What Streamlit gives the texts of figures, in light and dark themes.
_INK: dict[bool, Color] = {False: (128, 132, 149, 255), True: (230, 234, 241, 255)}

_QUALITY = 90  # of a JPEG: a tenth of a PNG's time, a third of its bytes, and gone a moment later


def figure_still(figure: go.Figure, *, width: int, dark: bool) -> bytes:
    """Draw a figure as it is on the screen, as a JPEG with one pixel for a CSS pixel.

    Args:
        figure: one that this project made; its own width counts, if it has one.
        width: in CSS pixels, for a figure that fills its place; the one that it was made for.
        dark: whether for dark ground.

    Raises:
        ExportError: if the figure holds something that cannot be drawn.

    """
    size = figure_size(figure, width=width)
    picture = blank(size, dark=dark)
    draw_figure(figure, picture, Box(0, 0, *size), scale=1, ink=_INK[dark])
    content = io.BytesIO()
    picture.save(content, "jpeg", quality=_QUALITY, subsampling=0)
    return content.getvalue()
