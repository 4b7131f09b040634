"""Text as the renderer writes it: the little markup that figures use, fonts, and number formats."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageDraw, ImageFont

from actviz_core.errors import ExportError

Font = ImageFont.FreeTypeFont
Color = tuple[int, int, int, int]

LINE_HEIGHT = 1.3
"""Distance between lines, in font sizes, as in plotly.js."""

# For texts with characters that Pillow's own font lacks; by the names under which systems have them.
_WIDE_FONTS = ("DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf", "NotoSans-Regular.ttf")


@dataclass(frozen=True)
class Run:
    """A piece of a line in one weight."""

    text: str
    bold: bool


def lines_of(markup: object) -> list[list[Run]]:
    """Read ``<br>`` and ``<b>``; other tags leave their text, entities become characters."""
    lines: list[list[Run]] = [[]]
    bold = False
    for piece in re.split(r"(<[^<>]*>)", str(markup)):
        is_tag = piece.startswith("<") and piece.endswith(">")
        tag = piece.lower().replace(" ", "") if is_tag else ""
        if tag in ("<br>", "<br/>"):
            lines.append([])
        elif tag in ("<b>", "</b>"):
            bold = tag == "<b>"
        elif piece and not tag:
            lines[-1].append(Run(html.unescape(piece), bold))
    return lines


def text_size(lines: Sequence[Sequence[Run]], size: float) -> tuple[float, float]:
    """Width and height of lines in a font of ``size`` pixels."""
    widths = [sum(font_for(run.text, size).getlength(run.text) for run in line) for line in lines]
    return max(widths, default=0.0), size * LINE_HEIGHT * len(lines)


def write(
    draw: ImageDraw.ImageDraw,
    markup: object,
    x: float,
    y: float,
    *,
    size: float,
    color: Color,
    across: float = 0.5,
    down: float = 0.5,
    align: float = 0.5,
) -> None:
    """Write text whose box has the point (x, y) at the shares ``across`` and ``down`` of it, 0 to 1.

    ``align`` tells where shorter lines stand: 0 is left, 1 right.
    """
    lines = lines_of(markup)
    width, height = text_size(lines, size)
    top = y - down * height
    for number, line in enumerate(lines):
        own = sum(font_for(run.text, size).getlength(run.text) for run in line)
        left = x - across * width + align * (width - own)
        middle = top + (number + 0.5) * size * LINE_HEIGHT
        for run in line:
            font = font_for(run.text, size)
            for shift in (0.0, size / 24) if run.bold else (0.0,):  # there is no bold font to take
                draw.text((left + shift, middle), run.text, fill=color, font=font, anchor="lm")
            left += font.getlength(run.text)


def shortened(text: str, size: float, width: float) -> str:
    """The text, its middle left out where it would be wider than ``width`` pixels."""
    font = font_for(text, size)
    if font.getlength(text) <= width:
        return text
    keep = len(text)
    while keep > 8 and font.getlength(f"{text[: keep // 2]}…{text[-(keep // 2) :]}") > width:
        keep -= 2
    return f"{text[: keep // 2]}…{text[-(keep // 2) :]}"


def font_for(text: str, size: float) -> Font:
    """Pillow's own font, the same on every machine, or a system's where that lacks a character."""
    size = round(size, 1)
    if not all(_has(character) for character in set(text)) and (wide := _wide_font(size)) is not None:
        return wide
    return _own_font(size)


@lru_cache(maxsize=64)
def _own_font(size: float) -> Font:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ExportError("This Pillow was built without FreeType, which writes a PNG's texts.")
    return font


@lru_cache(maxsize=64)
def _wide_font(size: float) -> Font | None:
    for name in _WIDE_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    font = _own_font(20)
    return bytes(font.getmask(character)) != bytes(font.getmask("\ufffe")) or character.isspace()


def number(value: float, spec: str) -> str:
    """Format as plotly does with the d3 formats that figures use; "" is the shortest exact look."""
    trim = "~" in spec or not spec
    spec = spec.replace("~", "") or ".6g"
    try:
        text = format(value, spec)
        if spec.endswith("g") and "e-" in text and abs(value) >= 1e-6:  # d3 writes 0.00001 in full
            text = f"{float(text):.12f}"
    except ValueError as error:
        raise ExportError(f"A PNG cannot write numbers in the format {spec!r}.") from error
    mantissa, exponent, power = text.partition("e")
    if trim and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + (f"e{int(power):+d}" if exponent else "")
