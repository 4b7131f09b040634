"""The size of activations and gradients along a network, on a logarithmic scale."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.canvas import draw
from actviz_core.figures.colors import ACCENT
from actviz_core.figures.markup import plain
from actviz_core.figures.measured import LINES
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.tiles import TileLayout

HEIGHT = 190
_GRID = "rgba(127,127,127,0.25)"


def layer_sizes_figure(
    calls: Sequence[str],
    activations: npt.NDArray[np.float64],
    gradients: npt.NDArray[np.float64] | None,
    *,
    chosen: Collection[str] = (),
) -> go.Figure:
    """Draw one point a call and line, in order; a click on one means its call.

    What is zero or not finite has no place on the scale: the lines have a gap there. Calls that are
    ``chosen`` have a ring.
    """
    lines = [("activations", activations, LINES[0])]
    if gradients is not None:
        lines.append(("gradients", gradients, LINES[1]))
    rings = [call in chosen for call in calls]
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(range(len(calls))),
            "y": [float(size) if np.isfinite(size) and size > 0 else None for size in sizes],
            "name": name,
            "line": {"color": color, "width": 1.5},
            "marker": {
                "size": [11 if ring else 6 for ring in rings],
                "color": color,
                "line": {"color": ACCENT, "width": [2 if ring else 0 for ring in rings]},
            },
            "hovertext": [_said(call, activations, gradients, index) for index, call in enumerate(calls)],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
        for name, sizes, color in lines
    ]
    axis: dict[str, Any] = {"showgrid": True, "gridcolor": _GRID, "fixedrange": True, "showticklabels": True}
    panel = tile_panel(TileLayout(len(calls), 1, 1, max(len(calls), 1), title=0, gap=0), calls, kind="layer")
    return draw(
        traces,
        height=HEIGHT,
        bottom=28,
        xaxis=axis
        | {
            "range": [-1, len(calls)],
            "showticklabels": False,
            "showgrid": False,
            "title": {"text": "layers, in the order in which they run", "font": {"size": 11}},
        },
        yaxis=axis
        | {
            "type": "log",
            "exponentformat": "power",
            "automargin": True,
            "dtick": 1,
            "tickfont": {"size": 10},
        },
        showlegend=True,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
        top=28,
        dragmode=False,
        hoverdistance=40,
        meta={"panels": [panel]},
    )


def _said(
    call: str,
    activations: npt.NDArray[np.float64],
    gradients: npt.NDArray[np.float64] | None,
    index: int,
) -> str:
    lines = [f"<b>{plain(call)}</b>", f"activations: {activations[index]:.3g}"]
    if gradients is not None:
        lines.append("no gradient" if np.isnan(gradients[index]) else f"gradients: {gradients[index]:.3g}")
    return "<br>".join(lines)
