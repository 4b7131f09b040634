"""From which value to which value the colours of a heatmap run, as plotly takes it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.figures.canvas import Options
from actviz_core.figures.colors import Colors, colorscale

CLIPPED = "up to 2 % of the values lie beyond the ends"
"""What to know about a range from the first to the last percentile."""


@dataclass(frozen=True)
class ColorRange:
    """A resolved colour scale between two values, with its colour bar.

    Attributes:
        colors: the scale.
        low, high: the values at its ends.
        bar: plotly's options of the colour bar; None if another heatmap has the bar for this one.
        channel_low, channel_high: shape (C,), the ends of each channel if each has its own.
        legend: how to read the bar, where that needs words.

    """

    colors: Colors
    low: float
    high: float
    bar: Options | None = None
    channel_low: npt.NDArray[np.float64] | None = None
    channel_high: npt.NDArray[np.float64] | None = None
    legend: str = ""

    def heatmap(self, **options: Any) -> dict[str, Any]:
        """A heatmap in these colours. Even spacing and no smoothing keep plotly.js on its fast path."""
        return {
            "type": "heatmap",
            "zmin": self.low,
            "zmax": self.high,
            "colorscale": colorscale(self.colors),
            "zsmooth": False,
            "hoverongaps": False,
            **({"showscale": False} if self.bar is None else {"colorbar": self.bar}),
            **options,
        }
