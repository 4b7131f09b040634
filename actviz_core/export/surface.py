"""What the renderer draws on: a picture with the places of its axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from actviz_core.export.axes import Axis, Box
from actviz_core.export.lettering import Color, write
from actviz_core.export.pixels import color_of

Options = Mapping[str, Any]

FONT_SIZE = 12
"""Plotly's, in CSS pixels."""


@dataclass(frozen=True)
class Surface:
    """A picture with ``scale`` pixels a CSS pixel; ``ink`` is for texts that have no colour of their own.

    ``area`` is what the margins leave free, ``axes`` lie within it by their references (``x``, ``y2``).
    """

    picture: Image.Image
    draw: ImageDraw.ImageDraw
    scale: float
    ink: Color
    area: Box
    axes: Mapping[str, Axis]

    def axes_of(self, trace: Options) -> tuple[Axis, Axis]:
        """The two axes of a trace."""
        return self.axes[trace.get("xaxis", "x")], self.axes[trace.get("yaxis", "y")]

    def write(self, text: object, x: float, y: float, font: Options, **place: float) -> None:
        """Write at (x, y), in pixels, in a font as figures describe it."""
        color = color_of(font["color"]) if font.get("color") else self.ink
        write(self.draw, text, x, y, size=font.get("size", FONT_SIZE) * self.scale, color=color, **place)

    def across(self, reference: str, value: float) -> float:
        """The pixel of a horizontal position: on the paper, in an axis' domain, or a value of an axis."""
        if reference == "paper":
            return self.area.left + value * self.area.width
        return self._on_axis(reference, value)

    def down(self, reference: str, value: float) -> float:
        """The pixel of a vertical position."""
        if reference == "paper":
            return self.area.bottom - value * self.area.height
        return self._on_axis(reference, value)

    def _on_axis(self, reference: str, value: float) -> float:
        axis = self.axes[reference.removesuffix(" domain")]
        if reference.endswith(" domain"):
            return axis.start + value * (axis.end - axis.start)
        return axis.pixel(value)
