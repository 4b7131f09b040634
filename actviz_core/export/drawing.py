"""Draws the figures of this project with Pillow, from the same description that the browser gets.

It knows the traces, annotations, shapes and pictures that our figures use, and refuses all others, so that a
PNG never shows something else than the screen.
"""

from dataclasses import replace

import plotly.graph_objects as go
from PIL import Image, ImageDraw

from actviz_core.export.axes import Box, axis_key, place_axes
from actviz_core.export.guides import (
    bar_extent,
    draw_annotation,
    draw_axis,
    draw_color_bar,
    draw_layout_image,
    draw_shape,
)
from actviz_core.export.lettering import Color, lines_of, text_size
from actviz_core.export.marks import TRACES, color_bars, drawable
from actviz_core.export.pixels import color_of
from actviz_core.export.surface import FONT_SIZE, Options, Surface
from actviz_core.export.ticks import ticks_of

_USUAL_HEIGHT = 450  # plotly's

_PAPER = {False: (255, 255, 255), True: (23, 22, 20)}  # Streamlit's own themes, light and dark


def blank(size: tuple[int, int], *, dark: bool) -> Image.Image:
    """An empty picture, ``size`` pixels wide and high, in the colour of the page."""
    return Image.new("RGB", size, _PAPER[dark])


def figure_size(figure: go.Figure, *, width: int) -> tuple[int, int]:
    """Width and height of a figure in CSS pixels; ``width`` is for one that fills its place."""
    return figure.layout.width or width, figure.layout.height or _USUAL_HEIGHT


def draw_figure(figure: go.Figure, picture: Image.Image, place: Box, *, scale: float, ink: Color) -> None:
    """Draw a figure into a place of an RGB picture, with ``scale`` pixels for a CSS pixel.

    Raises:
        ExportError: if the figure holds something that this cannot draw.

    """
    layout = figure.layout.to_plotly_json()
    traces = [drawable(trace.to_plotly_json()) for trace in figure.data if trace.visible in (None, True)]
    font = layout.get("font", {})
    ink = color_of(font["color"]) if font.get("color") else ink
    draw = ImageDraw.Draw(picture, "RGBA")
    bars = color_bars(traces, layout)
    area = _area(layout, place, scale)
    surface = Surface(picture, draw, scale, ink, area, {})
    for _ in range(3):  # a colour bar moves as the room for it is taken from the area
        for bar in bars:
            area = _with_room(area, place, bar_extent(surface, bar.options))
        surface = replace(surface, area=area)
    surface = replace(surface, axes=place_axes(layout, traces, area))
    _draw_loose_parts(surface, layout, below=True)
    for name in surface.axes:
        draw_axis(surface, layout.get(axis_key(name), {}), name)
    for kind, draw_trace in TRACES.items():
        for trace in traces:
            if trace["type"] == kind:
                draw_trace(surface, trace, layout)
    for bar in bars:
        draw_color_bar(surface, bar.options, bar.table, bar.low, bar.high)
    _draw_loose_parts(surface, layout, below=False)
    for annotation in layout.get("annotations", ()):
        draw_annotation(surface, annotation)
    title = layout.get("title", {})
    if title.get("text"):
        left = place.left + title.get("x", 0.05) * place.width
        surface.write(
            title["text"], left, (place.top + area.top) / 2, {"size": 17} | title.get("font", {}), across=0
        )


def _draw_loose_parts(surface: Surface, layout: Options, *, below: bool) -> None:
    """Draw the pictures and shapes that lie below the traces, or those above."""
    for image in layout.get("images", ()):
        if (image.get("layer", "above") == "below") is below:
            draw_layout_image(surface, image)
    for shape in layout.get("shapes", ()):
        if (shape.get("layer", "above") == "below") is below:
            draw_shape(surface, shape)


def _with_room(area: Box, place: Box, part: Box) -> Box:
    """The area, smaller by how far a part of the figure reaches out of its place."""
    return Box(
        area.left + max(0, place.left - part.left),
        area.top + max(0, place.top - part.top),
        area.right - max(0, part.right - place.right),
        area.bottom - max(0, part.bottom - place.bottom),
    )


def _area(layout: Options, place: Box, scale: float) -> Box:
    """What the margins leave free, after names at the axes have taken their room."""
    margin = {"l": 80, "r": 80, "t": 100, "b": 80} | dict(layout.get("margin", {}))
    left = float(margin["l"])
    for key, options in layout.items():
        if key.startswith("yaxis") and options.get("automargin") and options.get("showticklabels", True):
            size = options.get("tickfont", {}).get("size", FONT_SIZE)
            ticks = ticks_of(options, *options.get("range", (0, 1)), pixels=place.height / scale)
            left = max(left, 8 + max((text_size(lines_of(text), size)[0] for _, text in ticks), default=0))
    return Box(
        place.left + left * scale,
        place.top + margin["t"] * scale,
        place.right - margin["r"] * scale,
        place.bottom - margin["b"] * scale,
    )
