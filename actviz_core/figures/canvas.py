"""The empty figure every picture starts from: no axes, no background, no borrowed styles."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from actviz_core.figures.colors import ACCENT, NEUTRAL

MARGIN = 8
"""Pixels around a drawing."""

COLOR_BAR_PIXELS = 34
"""Height kept free above or below a drawing for its colour bar."""

HIDDEN_AXIS = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "showline": False}

Options = Mapping[str, Any]


def draw(
    traces: Sequence[Options],
    *,
    height: int,
    top: int = MARGIN,
    bottom: int = MARGIN,
    xaxis: Options | None = None,
    yaxis: Options | None = None,
    **layout: Any,
) -> go.Figure:
    """A transparent figure of `traces` with hidden axes, `height` pixels high, as wide as its place.

    Options of the axes and the layout come on top. Traces are plain mappings and everything is handed over at
    once, because plotly checks every later update anew, which takes several times as long. Fonts have no
    colour of their own: the page's theme gives them one that can be read.
    """
    base = {
        "template": {},
        "height": height,
        # Plotly would add room for a colour bar above to the room that it already has there.
        "margin": {"l": MARGIN, "r": MARGIN, "t": top, "b": bottom, "autoexpand": top != COLOR_BAR_PIXELS},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "xaxis": HIDDEN_AXIS | dict(xaxis or {}),
        "yaxis": HIDDEN_AXIS | dict(yaxis or {}),
    }
    return go.Figure({"data": list(traces), "layout": base | layout})


def square_cells(rows: int, columns: int) -> dict[str, Any]:
    """Axes that show `rows` x `columns` square cells, cell (0, 0) at the top left, its centre at (0, 0)."""
    return {
        "xaxis": {"range": [-0.5, columns - 0.5], "constrain": "domain"},
        "yaxis": {
            "range": [rows - 0.5, -0.5],
            "constrain": "domain",
            "constraintoward": "top",
            "scaleanchor": "x",
        },
    }


def drawing_height(rows: int, columns: int, *, width: int, limit: int) -> int:
    """Height in pixels of `rows` x `columns` square cells in a figure `width` pixels wide, up to `limit`."""
    return max(1, min(limit, round((width - 2 * MARGIN) * rows / columns)))


def color_bar(*, ends: tuple[float, float] | None = None, **options: Any) -> dict[str, Any]:
    """A slim colour bar below the drawing, with `options` of plotly's colorbar on top.

    `ends` are the values of its two ends, which it then names exactly, with zero or the middle between them.
    """
    bar = {
        "orientation": "h",
        "thickness": 9,
        "len": 0.5,
        "lenmode": "fraction",
        "x": 0.02,
        "xanchor": "left",
        "y": 0,
        "yanchor": "top",
        "xpad": 4,
        "ypad": 4,
        "outlinewidth": 0,
        "nticks": 6,
        "tickangle": 0,
        "tickformat": ".3~g",
    }
    return bar | (_named_ends(*ends) if ends else {}) | options


def _named_ends(low: float, high: float) -> dict[str, Any]:
    middle = 0.0 if low < 0 < high and abs(low + high) < 0.5 * (high - low) else (low + high) / 2
    values = [low, middle, high]
    return {"tickmode": "array", "tickvals": values, "ticktext": [f"{value:.3g}" for value in values]}


def color_bar_above(*, width: int, ends: tuple[float, float] | None = None, **options: Any) -> dict[str, Any]:
    """A slim colour bar above a drawing `width` pixels wide, where no blank space can come between."""
    room = {"len": 0.5} if width >= 500 else {"len": 0.9, "x": 0.05}
    return color_bar(ends=ends, **(room | {"y": 1, "yanchor": "bottom"} | options))


def legend_note(text: str) -> dict[str, Any]:
    """An annotation beside the colour bar above a drawing that says how to read it."""
    note = {"text": text, "showarrow": False, "font": {"size": 11}, "xref": "paper", "yref": "paper"}
    return note | {"x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "yshift": 4}


def frame_box(row: float, column: float, height: float, width: float) -> dict[str, Any]:
    """The shape of a visible frame around `height` x `width` cells whose first cell is (row, column)."""
    return {
        "type": "rect",
        "x0": column - 0.5,
        "x1": column + width - 0.5,
        "y0": row - 0.5,
        "y1": row + height - 0.5,
        "line": {"color": ACCENT, "width": 3},
    }


def message_figure(text: str, *, height: int = 120) -> go.Figure:
    """A figure that says, in place of a drawing, why there is none; `text` may hold no markup."""
    note = {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    return draw([], height=height, annotations=[note])


def grey_bars(**options: Any) -> dict[str, Any]:
    """Bars in a grey that can be seen in light and dark themes."""
    return {"type": "bar", "marker": {"color": NEUTRAL, "line": {"width": 0}}, "cliponaxis": False} | options
