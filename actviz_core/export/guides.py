"""What helps to read a drawing: axes, colour bars, annotations, frames and pictures below."""

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ExportError
from actviz_core.export.axes import Axis, Box
from actviz_core.export.lettering import LINE_HEIGHT, lines_of, text_size
from actviz_core.export.pixels import color_of, decoded, lay_image
from actviz_core.export.surface import FONT_SIZE, Options, Surface
from actviz_core.export.ticks import ticks_of

_LABEL_PAD = 3  # CSS pixels between a scale and its numbers
_ANCHORS = {
    "left": 0.0,
    "center": 0.5,
    "right": 1.0,
    "top": 0.0,
    "middle": 0.5,
    "bottom": 1.0,
}
_BAR_TITLE = {"size": 14}
_THIRDS = (1 / 3, 2 / 3)


def draw_axis(surface: Surface, options: Options, name: str) -> None:
    """Draw an axis' grid, zero line, numbers and title, as far as it has them."""
    axis, (x, y) = surface.axes[name], _sides(surface, options, name)
    upright = name[0] == "y"
    scale, font = surface.scale, options.get("tickfont", {})
    length = abs(axis.end - axis.start) / scale
    ticks = ticks_of(options, axis.low, axis.high, pixels=length)
    if options.get("showgrid", True):
        for value, _ in ticks:
            _line_across(surface, axis, value, (x, y), upright=upright, color="#eeeeee", width=1)
    if options.get("zeroline", True) and min(axis.low, axis.high) <= 0 <= max(axis.low, axis.high):
        color, width = options.get("zerolinecolor", "#dddddd"), options.get("zerolinewidth", 2)
        _line_across(surface, axis, 0, (x, y), upright=upright, color=color, width=width)
    pad = _LABEL_PAD * scale
    if options.get("showticklabels", True):
        for value, text in ticks:
            if upright:
                surface.write(text, min(x.start, x.end) - pad, axis.pixel(value), font, across=1)
            else:
                surface.write(text, axis.pixel(value), max(y.start, y.end) + pad, font, down=0)
    title = options.get("title", {})
    if title.get("text"):
        if upright:
            raise ExportError("A PNG cannot show a title at an upright axis.")
        below = max(y.start, y.end) + 1.6 * FONT_SIZE * scale + pad
        surface.write(title["text"], (axis.start + axis.end) / 2, below, title.get("font", {}), down=0)


def bar_extent(surface: Surface, bar: Options) -> Box:
    """The rectangle that a colour bar takes with its numbers and title, without its padding."""
    box, lying = _bar_box(surface, bar)
    scale = surface.scale
    size = bar.get("tickfont", {}).get("size", FONT_SIZE) * scale
    title, beside = _bar_title(surface, bar, lying=lying)
    above = 0.0 if beside else title[1]
    if lying:
        left = box.left - (title[0] if beside else 0)
        return Box(left, box.top - above, box.right, box.bottom + _LABEL_PAD * scale + size * LINE_HEIGHT)
    numbers = 4 * 0.6 * size + _LABEL_PAD * scale  # four digits
    return Box(box.left, box.top - above, max(box.right + numbers, box.left + title[0]), box.bottom)


def draw_color_bar(
    surface: Surface, bar: Options, table: npt.NDArray[np.uint8], low: float, high: float
) -> None:
    """Draw a colour bar with its numbers and title; ``table`` holds the colours from ``low`` to ``high``."""
    box, lying = _bar_box(surface, bar)
    scale = surface.scale
    strip = table[None, :, :] if lying else table[::-1, None, :]
    lay_image(surface.picture, np.ascontiguousarray(strip), box, opacity=1, smooth=False)
    ends = (box.left, box.right) if lying else (box.bottom, box.top)
    axis, font, pad = Axis(*ends, low, high), bar.get("tickfont", {}), _LABEL_PAD * scale
    for value, text in ticks_of(bar, low, high, pixels=abs(ends[1] - ends[0]) / scale):
        if lying:
            surface.write(text, axis.pixel(value), box.bottom + pad, font, down=0)
        else:
            surface.write(text, box.right + pad, axis.pixel(value), font, across=0)
    title = bar.get("title", {})
    if title.get("text"):
        _, beside = _bar_title(surface, bar, lying=lying)
        font = _BAR_TITLE | title.get("font", {})
        if beside:
            surface.write(title["text"], box.left - 2 * pad, (box.top + box.bottom) / 2, font, across=1)
        else:
            surface.write(title["text"], box.left, box.top - pad, font, across=0, down=1)


def draw_annotation(surface: Surface, note: Options) -> None:
    """Write an annotation's text, on its background if it has one."""
    if note.get("showarrow", True) or note.get("textangle", 0):
        raise ExportError("A PNG can show annotations that are upright and have no arrow.")
    scale, font = surface.scale, note.get("font", {})
    across_ref, down_ref = (note.get(f"{kind}ref", _home(surface, kind)) for kind in "xy")
    x = surface.across(across_ref, note.get("x", 0.5)) + note.get("xshift", 0) * scale
    y = surface.down(down_ref, note.get("y", 0.5)) - note.get("yshift", 0) * scale
    across = _anchor(note.get("xanchor", "auto"), across_ref, note.get("x", 0.5), ("left", "center", "right"))
    down = _anchor(note.get("yanchor", "auto"), down_ref, note.get("y", 0.5), ("bottom", "middle", "top"))
    if note.get("bgcolor"):
        width, height = text_size(lines_of(note["text"]), font.get("size", FONT_SIZE) * scale)
        pad = note.get("borderpad", 1) * scale
        left, top = x - across * width, y - down * height
        surface.draw.rectangle(
            (left - pad, top - pad, left + width + pad, top + height + pad), fill=color_of(note["bgcolor"])
        )
    align = _ANCHORS[note.get("align", "center")]
    surface.write(note["text"], x, y, font, across=across, down=down, align=align)


def draw_shape(surface: Surface, shape: Options) -> None:
    """Draw a rectangle or a line."""
    corners = [
        (
            surface.across(shape.get("xref", _home(surface, "x")), shape[f"x{end}"]),
            surface.down(shape.get("yref", _home(surface, "y")), shape[f"y{end}"]),
        )
        for end in (0, 1)
    ]
    line = shape.get("line", {})
    width = round(line.get("width", 2) * surface.scale)
    color = color_of(line.get("color", "#444444"))
    match shape.get("type"):
        case "rect":
            (left, right), (top, bottom) = (sorted(ends) for ends in zip(*corners, strict=True))
            fill = color_of(shape["fillcolor"]) if shape.get("fillcolor") else None
            half = width / 2  # plotly's line lies on the edge, Pillow's inside of it
            box = (left - half, top - half, right + half, bottom + half)
            surface.draw.rectangle(box, fill=fill, outline=color if width else None, width=width)
        case "line":
            surface.draw.line(corners, fill=color, width=max(1, width))
        case kind:
            raise ExportError(f"A PNG can show rectangles and lines as shapes, but no {kind!r}.")


def draw_layout_image(surface: Surface, image: Options) -> None:
    """Draw a picture that is stretched over some part of the figure."""
    pixels = decoded(image["source"])
    x, y = image.get("xref", "paper"), image.get("yref", "paper")
    left, top = surface.across(x, image.get("x", 0)), surface.down(y, image.get("y", 0))
    width = abs(surface.across(x, image["sizex"]) - surface.across(x, 0))
    height = abs(surface.down(y, image["sizey"]) - surface.down(y, 0))
    if image.get("sizing", "contain") != "stretch":
        fit = min(width / pixels.shape[1], height / pixels.shape[0])
        width, height = fit * pixels.shape[1], fit * pixels.shape[0]
    left -= _ANCHORS[image.get("xanchor", "left")] * width
    top -= _ANCHORS[image.get("yanchor", "top")] * height
    box = Box(left, top, left + width, top + height)
    lay_image(surface.picture, pixels, box, opacity=float(image.get("opacity", 1)), smooth=True)


def _bar_box(surface: Surface, bar: Options) -> tuple[Box, bool]:
    """Where the colours of a bar lie, and whether they run across.

    The bar's anchors hold the whole of it: padding, colours, and numbers.
    """
    lying = bar.get("orientation", "v") == "h"
    scale, area = surface.scale, surface.area
    thickness, xpad, ypad = (
        bar.get(key, default) * scale for key, default in (("thickness", 30), ("xpad", 10), ("ypad", 10))
    )
    length = bar.get("len", 1.0)
    whole = length * scale
    if bar.get("lenmode", "fraction") == "fraction":
        whole = length * (area.width if lying else area.height)
    size = bar.get("tickfont", {}).get("size", FONT_SIZE) * scale
    labels = size * LINE_HEIGHT + _LABEL_PAD * scale
    x = surface.across(bar.get("xref", "paper"), bar.get("x", 0.5 if lying else 1.02))
    y = surface.down(bar.get("yref", "paper"), bar.get("y", 1.02 if lying else 0.5))
    (title_width, title_height), beside = _bar_title(surface, bar, lying=lying)
    if lying:
        left = x - _ANCHORS[bar.get("xanchor", "center")] * whole + xpad
        top = y - _ANCHORS[bar.get("yanchor", "bottom")] * (thickness + labels + 2 * ypad) + ypad
        right = left + whole - 2 * xpad
        return Box(left + (title_width if beside else 0), top, right, top + thickness), lying
    top = y - _ANCHORS[bar.get("yanchor", "middle")] * whole
    left = x - _ANCHORS[bar.get("xanchor", "left")] * (thickness + 2 * xpad) + xpad
    return Box(left, top + ypad + title_height, left + thickness, top + whole - ypad), lying


def _bar_title(surface: Surface, bar: Options, *, lying: bool) -> tuple[tuple[float, float], bool]:
    """The room that a colour bar's title takes, and whether it stands beside the bar rather than above."""
    title = bar.get("title", {})
    beside = lying and title.get("side", "right") == "right"
    if not title.get("text"):
        return (0.0, 0.0), beside
    size = (_BAR_TITLE | title.get("font", {}))["size"] * surface.scale
    width, height = text_size(lines_of(title["text"]), size)
    return (width + 2 * _LABEL_PAD * surface.scale, height + _LABEL_PAD * surface.scale), beside


def _sides(surface: Surface, options: Options, name: str) -> tuple[Axis, Axis]:
    """An axis as (x, y), with the one that it is anchored to."""
    other = options.get("anchor") or {"x": "y", "y": "x"}[name[0]] + name[1:]
    pair = (name, other) if name[0] == "x" else (other, name)
    full = {
        "x": Axis(surface.area.left, surface.area.right, 0, 1),
        "y": Axis(surface.area.bottom, surface.area.top, 0, 1),
    }
    return surface.axes.get(pair[0], full["x"]), surface.axes.get(pair[1], full["y"])


def _line_across(
    surface: Surface,
    axis: Axis,
    value: float,
    sides: tuple[Axis, Axis],
    *,
    upright: bool,
    color: str,
    width: float,
) -> None:
    at = axis.pixel(value)
    across, down = sides
    ends = [(across.start, at), (across.end, at)] if upright else [(at, down.start), (at, down.end)]
    surface.draw.line(ends, fill=color_of(color), width=max(1, round(width * surface.scale)))


def _home(surface: Surface, kind: str) -> str:
    """What positions refer to that do not say it: the first axis, or the paper if there is none."""
    return kind if kind in surface.axes else "paper"


def _anchor(anchor: str, reference: str, value: float, names: tuple[str, str, str]) -> float:
    """An annotation's anchor as a share of its box; ``auto`` is the paper's nearest side."""
    if anchor == "auto":
        on_paper = reference == "paper" or reference.endswith(" domain")
        third = sum(value > edge for edge in _THIRDS) if on_paper else 1
        anchor = names[third]
    return _ANCHORS[anchor]
