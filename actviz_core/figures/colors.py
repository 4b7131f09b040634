"""Colour scales: which one a layer gets, with every stop given, so that no template can change it."""

from enum import StrEnum

import numpy as np

ColorScale = list[list[float | str]]

NEUTRAL = "#7f7f7f"
"""Lines and bars: a grey that can be seen on white and on black."""

ACCENT = "#e4572e"
"""What is selected, in light and dark themes."""

ON_BARS = "#111111"
"""Text on bars of these two colours: at least 4.7 : 1 in contrast, where white has 3.7."""

LABEL = "#4690c8"
"""The class that is a picture's label: a blue that everyone can tell from `NEUTRAL`, in both themes."""


class Colors(StrEnum):
    """The colour scales a person can choose."""

    AUTO = "auto"
    VIRIDIS = "viridis"
    CIVIDIS = "cividis"
    MAGMA = "magma"
    GREYS = "greys"
    RDBU = "rdbu"
    TWILIGHT = "twilight"


# Stops of matplotlib's maps of the same names (viridis, cividis, magma, twilight) and ColorBrewer's Greys and
# RdBu, whose blue and red can be told apart by colour-blind people.
# No stop may be a colour such as #000004 (magma's first): Streamlit puts its theme's colours in their place.
_STOPS = {
    Colors.VIRIDIS: "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    Colors.CIVIDIS: "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    Colors.MAGMA: "010004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
    Colors.GREYS: "000000 ffffff",
    Colors.RDBU: "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
    Colors.TWILIGHT: "e2d9e2 a6bfca 6d90c0 5f58b0 531e7c 2f1436 64194b 9f3c50 c0755e d0b39e e2d9e2",
}


def resolve(colors: Colors, *, signed: bool) -> Colors:
    """The scale that is meant: `AUTO` is red and blue about zero for signed layers, else cividis."""
    if colors is not Colors.AUTO:
        return colors
    return Colors.RDBU if signed else Colors.CIVIDIS


def is_centred(colors: Colors) -> bool:
    """True if the middle of the scale stands for zero."""
    return colors is Colors.RDBU


def colorscale(colors: Colors) -> ColorScale:
    """The stops of a resolved scale as plotly takes them, evenly spaced from 0 to 1."""
    stops = _STOPS[colors].split()
    return [[index / (len(stops) - 1), f"#{stop}"] for index, stop in enumerate(stops)]


def ink_on(share: float, colors: Colors) -> str:
    """Black or white, whichever can be read better at this place of a scale, 0 to 1; at least 4.5 : 1.

    Luminance is that of WCAG 2, 0 to 1; both have the same contrast to a ground of 0.179.
    """
    stops = [[int(stop[at : at + 2], 16) / 255 for at in (0, 2, 4)] for stop in _STOPS[colors].split()]
    places = np.linspace(0, 1, len(stops))
    channels = np.array([np.interp(share, places, channel) for channel in zip(*stops, strict=True)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#ffffff"
