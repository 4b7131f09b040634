"""The app's icon in the browser's tab: a small heatmap, drawn here so that no server is asked for it."""

from functools import cache

import numpy as np
from PIL import Image

_COLOURS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")  # viridis, dark to bright
_CELLS = ((0, 1, 2, 1), (1, 3, 4, 2), (2, 4, 3, 1), (1, 2, 1, 0))


@cache
def app_icon() -> Image.Image:
    """A 4 x 4 heatmap of 64 x 64 pixels."""
    palette = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _COLOURS], np.uint8)
    return Image.fromarray(palette[np.array(_CELLS)]).resize((64, 64), Image.Resampling.NEAREST)
