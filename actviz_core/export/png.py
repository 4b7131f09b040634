"""A figure as a PNG, drawn on the server without a browser."""

import io

import plotly.graph_objects as go
from PIL import ImageDraw
from PIL.PngImagePlugin import PngInfo

from actviz_core.errors import ExportError
from actviz_core.export.axes import Box
from actviz_core.export.drawing import blank, draw_figure, figure_size
from actviz_core.export.lettering import Color, shortened, write
from actviz_core.export.provenance import Provenances, as_json, caption, each

WIDTH = 1000
"""Width in CSS pixels of a figure that does not say its own."""

MOST_PIXELS = 100_000_000
"""A larger picture is not drawn: it would take more than 300 MB of the server's memory."""

CAPTION_HEIGHT = 26
"""CSS pixels below the figure for the line that says where its values came from."""

TOP_HEIGHT = 8
"""CSS pixels above the figure, whose colour bar may reach to its edge."""

_CAPTION_SIZE = 10
_MARGIN = 10
_INK: dict[bool, Color] = {False: (49, 51, 63, 255), True: (250, 250, 250, 255)}
_FAINT: dict[bool, Color] = {False: (110, 112, 122, 255), True: (160, 163, 172, 255)}


def figure_png(
    figure: go.Figure,
    *,
    provenance: Provenances,
    scale: float = 2.0,
    dark: bool = False,
    width: int = WIDTH,
) -> bytes:
    """Draw a figure as it is on the screen, with its colour bar, titles, and a line of provenance below.

    The PNG's text chunks hold the provenance in full: one a field, all of it as JSON under ``provenance``,
    and readable lines under ``Description``.

    Args:
        figure: one that this project made; its own width counts, if it has one.
        provenance: where its values came from; several for a board.
        scale: pixels of the PNG for one CSS pixel.
        dark: whether for dark ground.
        width: in CSS pixels, for a figure that fills its place; the one that it was made for.

    Raises:
        ExportError: if the picture would have more than 100 million pixels, or if the figure holds something
            that cannot be drawn.

    """
    width, height = png_size(figure, width=width)
    pixels = round(width * scale), round(height * scale)
    if not pixels[0] * pixels[1] or pixels[0] * pixels[1] > MOST_PIXELS:
        most = (MOST_PIXELS / (width * height)) ** 0.5
        raise ExportError(
            f"At scale {scale:g} the picture would be {pixels[0]:,} x {pixels[1]:,} pixels large. "
            f"Choose a scale up to {int(most * 10) / 10:g}."
        )
    picture = blank(pixels, dark=dark)
    place = Box(0, TOP_HEIGHT * scale, pixels[0], pixels[1] - CAPTION_HEIGHT * scale)
    draw_figure(figure, picture, place, scale=scale, ink=_INK[dark])
    size = _CAPTION_SIZE * scale
    line = shortened(caption(provenance), size, pixels[0] - 2 * _MARGIN * scale)
    write(
        ImageDraw.Draw(picture),
        line.replace("&", "&amp;").replace("<", "&lt;"),
        _MARGIN * scale,
        pixels[1] - CAPTION_HEIGHT / 2 * scale,
        size=size,
        color=_FAINT[dark],
        across=0,
    )
    content = io.BytesIO()
    picture.save(content, "png", compress_level=1, pnginfo=_metadata(provenance))
    return content.getvalue()


def png_size(figure: go.Figure, *, width: int = WIDTH) -> tuple[int, int]:
    """Width and height of the picture in CSS pixels, with what is added above and below."""
    width, height = figure_size(figure, width=width)
    return width, TOP_HEIGHT + height + CAPTION_HEIGHT


def _metadata(provenance: Provenances) -> PngInfo:
    info = PngInfo()
    several = each(provenance)
    info.add_text("Software", f"Activation dashboard {several[0].versions['actviz']}" if several else "")
    info.add_text("Description", "\n\n".join(one.as_text() for one in several))
    rows = [dict(one.as_rows()) for one in several]
    for name in rows[0] if rows else ():
        info.add_text(name, "; ".join(dict.fromkeys(row[name] for row in rows)))
    info.add_text("provenance", as_json(provenance))
    return info
