"""Test pictures made by formulas: they show what a channel answers to."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from actviz_core.samples.source import ArraySource, Source

SIZE = 96  # a multiple of 32, and enough detail for networks that take 224
WAVELENGTHS = (8, 12, 24, 48)  # pixels; after shrinking to 32 the finest is still above the limit of 2
COLOURS = {
    "red": (255, 0, 0),
    "orange": (255, 128, 0),
    "yellow": (255, 255, 0),
    "green": (0, 255, 0),
    "cyan": (0, 255, 255),
    "blue": (0, 0, 255),
    "purple": (128, 0, 255),
    "magenta": (255, 0, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
}
OPPONENTS = (("red", "green"), ("blue", "yellow"), ("black", "white"))

Floats = NDArray[np.float64]


def patterns(seed: int = 0) -> Source:
    """Make the source ``patterns``: 96x96 pictures labelled by their kind; the seed decides the noise."""
    makers: dict[str, Callable[[], Iterator[Floats]]] = {
        "grating": _gratings,
        "edge": _edges,
        "checkerboard": _checkerboards,
        "colour patch": _colour_patches,
        "moving bar": _moving_bars,
        "noise": lambda: _noise(np.random.default_rng(seed)),
    }
    made = [(number, picture) for number, make in enumerate(makers.values()) for picture in make()]
    pixels = np.stack([np.broadcast_to(_rgb(picture), (SIZE, SIZE, 3)) for _, picture in made])
    labels = [number for number, _ in made]
    return ArraySource(
        "patterns", "Test patterns", list(makers), labels, np.rint(pixels * 255).astype(np.uint8)
    )


def _rgb(picture: Floats) -> Floats:
    return picture[..., None] if picture.ndim == 2 else picture


def _along(degrees: float) -> Floats:
    """Measure distances (SIZE, SIZE) from the middle, in pixels, in a direction; 0 is right, 90 down."""
    centred = np.arange(SIZE) - (SIZE - 1) / 2
    angle = np.deg2rad(degrees)
    along: Floats = centred[None, :] * np.cos(angle) + centred[:, None] * np.sin(angle)
    return along


def _gratings() -> Iterator[Floats]:
    """Sine waves in 8 directions and 4 wavelengths."""
    for wavelength in WAVELENGTHS:
        for degrees in np.arange(8) * 22.5:
            yield 0.5 + 0.5 * np.sin(2 * np.pi * _along(degrees) / wavelength)


def _edges() -> Iterator[Floats]:
    """Make steps from dark to bright in 12 directions, sharp and soft (over 16 pixels)."""
    for width in (1, 16):
        for degrees in np.arange(12) * 30.0:
            yield np.clip(0.5 + _along(degrees) / width, 0, 1)


def _checkerboards() -> Iterator[Floats]:
    """Black and white squares of 4 sizes."""
    for wavelength in WAVELENGTHS:
        cells = np.arange(SIZE) // (wavelength // 2)
        yield ((cells[None, :] + cells[:, None]) % 2).astype(np.float64)


def _colour_patches() -> Iterator[Floats]:
    """Even colours, then pairs of opponent colours side by side, both ways round."""
    colours = {name: np.array(rgb) / 255 for name, rgb in COLOURS.items()}
    for colour in colours.values():
        yield np.broadcast_to(colour, (SIZE, SIZE, 3))
    for pair in OPPONENTS:
        for left, right in (pair, pair[::-1]):
            halves = np.where(np.arange(SIZE)[:, None] < SIZE // 2, colours[left], colours[right])
            yield np.broadcast_to(halves, (SIZE, SIZE, 3))


def _moving_bars() -> Iterator[Floats]:
    """Move a white bar, an eighth of the picture wide, from left to right, then from top to bottom."""
    eighth = np.arange(SIZE) // (SIZE // 8)
    for position in range(8):
        yield np.broadcast_to((eighth == position).astype(np.float64), (SIZE, SIZE))
    for position in range(8):
        yield np.broadcast_to((eighth == position).astype(np.float64)[:, None], (SIZE, SIZE))


def _noise(rng: np.random.Generator) -> Iterator[Floats]:
    """Grey and coloured noise, each in cells of 1, 3 and 12 pixels."""
    for channels in (1, 3):
        for cell in (1, 3, 12):
            cells = rng.random((SIZE // cell, SIZE // cell, channels))
            yield cells.repeat(cell, axis=0).repeat(cell, axis=1)
