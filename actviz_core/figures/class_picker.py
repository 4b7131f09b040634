"""The prediction as bars that can be clicked, to choose a class."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from actviz_core.figures.canvas import draw, grey_bars
from actviz_core.figures.colors import ACCENT, NEUTRAL, ON_BARS
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.tiles import TileLayout
from actviz_core.figures.vectors import EXACT, LETTER_PIXELS, LONG_BAR, named_rows
from actviz_core.units import percent

LONGEST = 0.8
"""Part of the figure's width that a share of one takes: the rest is for the numbers."""

AGAINST = "#9a7bd6"
"""The class that another one is asked about against."""


def class_picker(
    indices: Sequence[int],
    labels: Sequence[str],
    shares: Sequence[float],
    *,
    chosen: int,
    against: int | None = None,
    width: int = 240,
) -> go.Figure:
    """Draw the shares of some classes, 0 to 1, as bars; a click on a row means its class's index.

    The chosen class and the one it is asked about against have colours of their own.
    """
    colors = [ACCENT if index == chosen else AGAINST if index == against else NEUTRAL for index in indices]
    rows = list(range(len(indices)))
    bars = grey_bars(
        x=[LONGEST * share for share in shares],
        base=[-0.5] * len(rows),
        y=rows,
        orientation="h",
        marker={"color": colors, "line": {"width": 0}},
        text=[percent(share) for share in shares],
        textposition=["inside" if share > LONG_BAR else "outside" for share in shares],
        insidetextanchor="end",
        insidetextfont={"color": ON_BARS},
        hoverinfo="skip",  # the row behind it answers to the pointer
    )
    # A bar cannot say where it was clicked; a cell can. It is as wide as the figure, and cannot be seen.
    cells = {
        "type": "heatmap",
        "z": np.asarray(shares, np.float64)[:, None],
        "zmin": 0,
        "zmax": 1,
        "opacity": 0,
        "showscale": False,
        "hoverinfo": "none",  # the panel's label says it
    }
    said = [f"{label}: {percent(share, EXACT)}" for label, share in zip(labels, shares, strict=True)]
    layout = TileLayout(len(rows), 1, 1, 1, title=0, gap=0)
    return draw(
        [bars, cells],
        xaxis={"range": [-0.5, 0.5], "fixedrange": True},
        meta={"panels": [tile_panel(layout, indices, kind="class", labels=said)]},
        **named_rows(labels, longest=width // 2 // LETTER_PIXELS),
    )
