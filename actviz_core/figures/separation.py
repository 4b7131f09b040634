"""How far each layer tells classes apart, as a small line over the layers."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import draw
from actviz_core.figures.colors import ACCENT, NEUTRAL
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.measured import LINES
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.tiles import TileLayout
from actviz_core.units import percent

HEIGHT = 170
NAMED = 8
"""Up to this many layers have their names below the line."""

LETTERS = 22
_GRID = "rgba(127,127,127,0.25)"


def separation_figure(
    calls: Sequence[str], shares: Sequence[float | None], *, chance: float | None, chosen: str
) -> go.Figure:
    """Draw one point a layer, in order; a click on one means its layer, and the chosen one has a ring.

    `shares` are 0 to 1, None where one is not known; a dotted line is what chance would give.

    Raises:
        ShapeError: if there is not one share a layer.

    """
    if len(shares) != len(calls):
        raise ShapeError(f"{len(calls)} layers need as many shares; got {len(shares)}.")
    rings = [call == chosen for call in calls]
    said = [
        f"<b>{plain(call)}</b><br>" + ("not known" if share is None else percent(share, 1))
        for call, share in zip(calls, shares, strict=True)
    ]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(calls))),
        "y": list(shares),
        "line": {"color": LINES[0], "width": 2},
        "marker": {
            "size": [12 if ring else 7 for ring in rings],
            "color": LINES[0],
            "line": {"color": ACCENT, "width": [3 if ring else 0 for ring in rings]},
        },
        "hovertext": said,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
    }
    traces: list[dict[str, Any]] = [line]
    if chance is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [-0.5, len(calls) - 0.5],
                "y": [chance, chance],
                "line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    few = len(calls) <= NAMED
    axis: dict[str, Any] = {"showticklabels": True, "fixedrange": True, "tickfont": {"size": 10}}
    names = {"tickvals": list(range(len(calls))), "ticktext": [plain(shortened(c, LETTERS)) for c in calls]}
    title = {"title": {"text": "layers, in the order in which they run", "font": {"size": 11}}}
    panel = tile_panel(TileLayout(len(calls), 1, 1, max(len(calls), 1), title=0, gap=0), calls, kind="layer")
    return draw(
        traces,
        height=HEIGHT,
        bottom=28,
        xaxis=axis
        | {"range": [-0.5, len(calls) - 0.5], "automargin": True}
        | (names if few else {"showticklabels": False} | title),
        yaxis=axis
        | {
            "range": [0, 1.05],
            "showgrid": True,
            "gridcolor": _GRID,
            "automargin": True,
            "tickvals": [0, 0.5, 1],
            "ticktext": [percent(share) for share in (0, 0.5, 1)],
        },
        dragmode=False,
        hoverdistance=40,
        meta={"panels": [panel]},
    )
