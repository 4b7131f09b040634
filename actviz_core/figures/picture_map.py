"""A map of pictures: each one a point, coloured by what it belongs to or by a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import COLOR_BAR_PIXELS, MARGIN, color_bar, draw, message_figure
from actviz_core.figures.channel_map import own_limits
from actviz_core.figures.colors import ACCENT, NEUTRAL, Colors, colorscale, is_centred, resolve
from actviz_core.figures.markup import plain

HEIGHT = 560

PALETTE = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
"""Ten colours that can be told apart, also by colour-blind people: Petroff 2021, arXiv:2107.02270."""

_FAINT = 0.08  # opacity of pictures that are not chosen, while some are


@dataclass(frozen=True, eq=False)
class PointGroup:
    """Points of one colour: its name in the legend, and which of the points they are (positions)."""

    name: str
    color: str
    members: npt.NDArray[np.int64]
    symbol: str = "circle"


@dataclass(frozen=True, eq=False)
class MapPoints:
    """The points of a map.

    Attributes:
        places: (N, 2); what is not finite is not drawn.
        items: what each is in its source: its index.
        words: what is said of each on hover.
        thumbnails: the address, below the app's, that ends with an item's name; None where there are none.
        chosen: which are chosen, (N,); None where nothing is.
        outline: the corners (K, 2) of what was drawn around them; None where nothing was, or on another map.
        axes: what the two axes are called; empty where they mean nothing.

    """

    places: npt.NDArray[np.float64]
    items: Sequence[int]
    words: Sequence[str]
    thumbnails: str | None = None
    chosen: npt.NDArray[np.bool_] | None = None
    outline: npt.NDArray[np.float64] | None = None
    axes: tuple[str, str] = ("", "")


def picture_map(points: MapPoints, groups: Sequence[PointGroup]) -> go.Figure:
    """Draw the points of each group as one trace, in the order of the groups; the last lies on top.

    `layout.meta` says that there are points, and where their thumbnails are.

    Raises:
        ShapeError: if there is not a place, an item and a text each.

    """
    _check(points)
    traces = [
        _trace(
            points,
            group.members,
            name=plain(group.name),
            color=group.color,
            symbol=group.symbol,
        )
        for group in groups
    ]
    return _draw(
        points,
        [trace for trace in traces if trace["customdata"]],
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemsizing": "constant"},
    )


def value_map(points: MapPoints, values: npt.ArrayLike, *, name: str) -> go.Figure:
    """Draw the points coloured by one value each, (N,); those without a finite one are grey.

    Raises:
        ShapeError: if there is not a place, an item, a text and a value each.

    """
    _check(points)
    array = np.asarray(values, np.float64)
    if array.shape != (len(points.places),):
        raise ShapeError(f"{len(points.places)} points need as many values; got {array.shape}.")
    finite = np.isfinite(array)
    low, high = (float(array[finite].min()), float(array[finite].max())) if finite.any() else (0.0, 0.0)
    palette = resolve(Colors.AUTO, signed=low < 0)
    low, high = own_limits(low, high, centred=is_centred(palette))
    without = _trace(points, np.flatnonzero(~finite), name="no value", color=NEUTRAL)
    shown = np.flatnonzero(finite)
    traces = [without, _trace(points, shown, name=plain(name), color=NEUTRAL)]
    kept = shown[np.isfinite(points.places[shown]).all(axis=1)]
    traces[1]["marker"] |= {
        "color": array[kept],
        "cmin": low,
        "cmax": high,
        "colorscale": colorscale(palette),
        "colorbar": color_bar(ends=(low, high), title={"text": plain(name), "side": "top"}),
        "showscale": True,
    }
    return _draw(points, [trace for trace in traces if trace["customdata"]], bottom=2 * COLOR_BAR_PIXELS)


def _check(points: MapPoints) -> None:
    count = len(points.places)
    if points.places.shape != (count, 2) or len(points.items) != count or len(points.words) != count:
        raise ShapeError(f"Places {points.places.shape} need as many items and texts.")


def _trace(
    points: MapPoints, members: npt.NDArray[np.int64], *, name: str, color: str, symbol: str = "circle"
) -> dict[str, Any]:
    kept = members[np.isfinite(points.places[members]).all(axis=1)]
    count = len(points.places)
    size = 4 if count > 3000 else 6 if count > 300 else 10
    trace: dict[str, Any] = {
        "type": "scattergl",
        "mode": "markers",
        "name": name,
        "x": points.places[kept, 0].astype(np.float32),
        "y": points.places[kept, 1].astype(np.float32),
        "customdata": [points.items[at] for at in kept],
        "text": [points.words[at] for at in kept],
        "hoverinfo": "none",  # the component tells, with a thumbnail
        "marker": {"size": size, "color": color, "symbol": symbol, "opacity": 0.8},
    }
    if points.chosen is not None:
        trace["selectedpoints"] = np.flatnonzero(points.chosen[kept]).tolist()
        trace["selected"] = {"marker": {"opacity": 0.95}}
        trace["unselected"] = {"marker": {"opacity": _FAINT}}
    return trace


def _draw(points: MapPoints, traces: Sequence[dict[str, Any]], **layout: Any) -> go.Figure:
    if not traces:
        return message_figure("No picture has a place here.")
    shapes = []
    if points.outline is not None:
        corners = " L".join(f"{x:.7g},{y:.7g}" for x, y in points.outline)
        line = {"color": ACCENT, "width": 2, "dash": "dot"}
        shapes = [{"type": "path", "path": f"M{corners} Z", "line": line}]
    titles = [{"title": {"text": plain(axis), "font": {"size": 11}, "standoff": 4}} for axis in points.axes]
    named = any(points.axes)
    return draw(
        traces,
        **{
            "height": HEIGHT,
            "bottom": 24 if named else MARGIN,
            "xaxis": titles[0],
            "yaxis": titles[1] | {"scaleanchor": "x", "automargin": True},
            "dragmode": "lasso",
            "hovermode": False,  # the component finds the point below the pointer itself, and faster
            "shapes": shapes,
            "meta": {"points": {"thumbnails": points.thumbnails}},
            **layout,
        },
    )
