"""How each type of trace is drawn."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ExportError
from actviz_core.export.axes import cell_grid
from actviz_core.export.lettering import Color
from actviz_core.export.pixels import color_of, color_table, colored, decoded, lay_cells
from actviz_core.export.surface import Options, Surface

_TEXT_PAD = 3  # CSS pixels between a bar and its text
_DEFAULT_COLOR = "#1f77b4"


def drawable(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace with its cells as an array ``z``, and their ``shape``.

    Raises:
        ExportError: if traces of its type cannot be drawn.

    """
    kind = trace["type"] = trace.get("type", "scatter")
    if kind not in TRACES:
        raise ExportError(f"A PNG cannot show a trace of type {kind!r}; it can show {', '.join(TRACES)}.")
    unknown = {key for key in trace if not key.startswith(("hover", "legend"))} - _UNSEEN - _SEEN[kind]
    if unknown:
        raise ExportError(f"A PNG cannot show the option {min(unknown)!r} of a {kind}.")
    if trace.get("zsmooth"):
        raise ExportError("A PNG shows cells as they are; it cannot show them smoothed.")
    if kind == "heatmap":
        trace["z"] = np.asarray(trace["z"])
    elif kind == "image":
        trace["z"] = decoded(trace["source"]) if trace.get("source") else _opaque(trace["z"])
    if "z" in trace:
        trace["shape"] = trace["z"].shape
    return trace


def _opaque(pixels: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    array = np.asarray(pixels, np.uint8)
    missing = 4 - array.shape[2]
    return np.concatenate([array, np.full((*array.shape[:2], missing), 255, np.uint8)], axis=2)


@dataclass(frozen=True)
class ColorBar:
    """A colour scale between two values, and the options of the bar that shows it."""

    options: Options
    table: npt.NDArray[np.uint8]
    low: float
    high: float


def color_bars(traces: Sequence[Options], layout: Options) -> list[ColorBar]:
    """The colour bars to draw: one a heatmap, or one for all that share a colour axis."""
    scales: dict[object, tuple[Options, str]] = {}
    for number, trace in enumerate(traces):
        if trace["type"] == "heatmap":
            scales[trace.get("coloraxis", number)] = _scale_of(trace, layout)
    return [
        ColorBar(scale.get("colorbar", {}), *_colors(scale, prefix))
        for scale, prefix in scales.values()
        if scale.get("showscale", True)
    ]


def _scale_of(trace: Options, layout: Options) -> tuple[Options, str]:
    """Where a heatmap's colours are described, and what the names of their ends begin with."""
    shared = trace.get("coloraxis")
    return (trace, "z") if shared is None else (layout.get(shared, {}), "c")


def _colors(scale: Options, prefix: str) -> tuple[npt.NDArray[np.uint8], float, float]:
    low, high = scale.get(f"{prefix}min"), scale.get(f"{prefix}max")
    if not scale.get("colorscale") or low is None or high is None:
        raise ExportError("A PNG needs a heatmap's colours and their ends to be given, not chosen by plotly.")
    table = color_table(scale["colorscale"])
    return np.ascontiguousarray(table[::-1]) if scale.get("reversescale") else table, float(low), float(high)


def _heatmap(surface: Surface, trace: Options, layout: Options) -> None:
    table, low, high = _colors(*_scale_of(trace, layout))
    _lay(surface, trace, colored(trace["z"], table, low, high, float(trace.get("opacity", 1))))


def _image(surface: Surface, trace: Options, _layout: Options) -> None:
    pixels = trace["z"]
    if trace.get("opacity", 1) < 1:
        pixels = pixels.copy()
        pixels[..., 3] = np.rint(pixels[..., 3] * trace["opacity"])
    _lay(surface, trace, pixels)


def _lay(surface: Surface, trace: Options, cells: npt.NDArray[np.uint8]) -> None:
    lay_cells(surface.picture, cells, *surface.axes_of(trace), cell_grid(trace, "x"), cell_grid(trace, "y"))


def _bar(surface: Surface, trace: Options, layout: Options) -> None:
    x, y = surface.axes_of(trace)
    lying = trace.get("orientation", "v") == "h"
    lengths, places = (np.asarray(trace[key], np.float64) for key in (("x", "y") if lying else ("y", "x")))
    width = trace.get("width")
    widths = np.broadcast_to(1 - layout.get("bargap", 0.2) if width is None else width, places.shape)
    marker = trace.get("marker", {})
    bases = _each(trace.get("base", 0), len(places))
    colors = _each(marker.get("color", _DEFAULT_COLOR), len(places))
    texts = _each(trace.get("text", ""), len(places))
    positions = _each(trace.get("textposition", "auto"), len(places))
    bars = zip(places, bases, lengths, widths, colors, texts, positions, strict=True)
    for place, base, length, wide, color, text, position in bars:
        along, beside = (x, y) if lying else (y, x)
        ends = along.pixel(base), along.pixel(base + length)
        if 0.005 <= abs(ends[1] - ends[0]) < 1:  # as plotly.js: what is not zero can be seen
            ends = ends[0], ends[0] + math.copysign(1, ends[1] - ends[0])
        edges = sorted((beside.pixel(place - wide / 2), beside.pixel(place + wide / 2)))
        low, high = sorted(ends)
        box = (low, edges[0], high, edges[1]) if lying else (edges[0], low, edges[1], high)
        _rectangle(surface, box, color_of(color))
        if text:
            _bar_text(surface, trace, text, position, ends, sum(edges) / 2, color_of(color), lying=lying)


def _bar_text(
    surface: Surface,
    trace: Options,
    text: str,
    position: str,
    ends: tuple[float, float],
    middle: float,
    color: Color,
    *,
    lying: bool,
) -> None:
    """Write at a bar's end, outside of it or inside in black or white."""
    if position not in ("inside", "outside") or trace.get("insidetextanchor", "end") != "end":
        raise ExportError("A PNG can write inside or outside of the ends of bars, and nowhere else.")
    outside = position == "outside"
    grows = 1 if ends[1] >= ends[0] else -1  # in pixels
    at = ends[1] + (1 if outside else -1) * grows * _TEXT_PAD * surface.scale
    anchor = float((grows > 0) is not outside)
    font = dict(trace.get("textfont", {}))
    if not outside:
        font.setdefault("color", "#ffffff" if sum(color[:3]) < 3 * 140 else "#444444")
    if lying:
        surface.write(text, at, middle, font, across=anchor)
    else:
        surface.write(text, middle, at, font, down=anchor)


def _rectangle(surface: Surface, box: tuple[float, float, float, float], color: Color) -> None:
    left, top, right, bottom = (round(edge) for edge in box)
    if right > left and bottom > top:
        surface.draw.rectangle((left, top, right - 1, bottom - 1), fill=color)


def _scatter(surface: Surface, trace: Options, _layout: Options) -> None:
    x, y = surface.axes_of(trace)
    points = [(x.pixel(float(a)), y.pixel(float(b))) for a, b in zip(trace["x"], trace["y"], strict=True)]
    modes = trace.get("mode", "markers").split("+")
    if "lines" in modes:
        line = trace.get("line", {})
        width = max(1, round(line.get("width", 2) * surface.scale))
        surface.draw.line(
            points, fill=color_of(line.get("color", _DEFAULT_COLOR)), width=width, joint="curve"
        )
    if "markers" in modes:
        _markers(surface, points, trace.get("marker", {}))
    if "text" in modes:
        across, down = _text_anchor(trace.get("textposition", "middle center"))
        for (left, top), text in zip(points, _each(trace.get("text", ""), len(points)), strict=True):
            surface.write(text, left, top, trace.get("textfont", {}), across=across, down=down)


def _markers(surface: Surface, points: list[tuple[float, float]], marker: Options) -> None:
    colors = _each(marker.get("color", _DEFAULT_COLOR), len(points))
    sizes = _each(marker.get("size", 6), len(points))
    for (left, top), text, size in zip(points, colors, sizes, strict=True):
        red, green, blue, alpha = color_of(text)
        alpha = round(alpha * marker.get("opacity", 1))
        if not alpha:  # there to be clicked or hovered over, not to be seen
            continue
        half = size * surface.scale / 2
        box = (left - half, top - half, left + half, top + half)
        match marker.get("symbol", "circle"):
            case "circle":
                surface.draw.ellipse(box, fill=(red, green, blue, alpha))
            case "square":
                surface.draw.rectangle(box, fill=(red, green, blue, alpha))
            case symbol:
                raise ExportError(f"A PNG can show circles and squares as markers, but no {symbol!r}.")


def _text_anchor(position: str) -> tuple[float, float]:
    """The point of a text's box that lies on its marker: ``top`` is a text above it."""
    vertical, _, horizontal = position.partition(" ")
    return {"left": 1.0, "center": 0.5, "right": 0.0}[horizontal], {"top": 1.0, "middle": 0.5, "bottom": 0.0}[
        vertical
    ]


def _each(value: Any, count: int) -> list[Any]:
    """One value for all as one for each."""
    return [value] * count if isinstance(value, (str, int, float)) else list(value)


# Options that change nothing in a picture, and those that are drawn, by type of trace.
_UNSEEN = {"type", "xaxis", "yaxis", "visible", "showlegend", "cliponaxis", "zauto"}
_UNSEEN |= {"customdata", "ids", "meta", "name", "uid", "selected", "selectedpoints", "unselected"}
_CELLS = {"x", "y", "x0", "dx", "y0", "dy", "z", "opacity", "zsmooth"}
_COLORS = {"zmin", "zmax", "colorscale", "reversescale", "showscale", "colorbar", "coloraxis"}
_BARS = {"x", "y", "base", "width", "orientation", "marker"}
_TEXTS = {"text", "textfont", "textposition"}
_POINTS = {"x", "y", "mode", "marker", "line"} | _TEXTS
_SEEN: Mapping[str, set[str]] = {
    "scattergl": _POINTS,
    "image": _CELLS | {"source"},
    "heatmap": _CELLS | _COLORS | {"text"},
    "bar": _BARS | _TEXTS | {"insidetextanchor"},
    "scatter": _POINTS,
}

# In the order in which plotly.js draws them, whatever the order of the traces.
TRACES: Mapping[str, Callable[[Surface, Options, Options], None]] = {
    "scattergl": _scatter,
    "image": _image,
    "heatmap": _heatmap,
    "bar": _bar,
    "scatter": _scatter,
}
