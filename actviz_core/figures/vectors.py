"""Layers without spatial maps, with the network's answer: bars and rows of cells."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis import TopK
from actviz_core.analysis.statistics import float_maps
from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    HIDDEN_AXIS,
    MARGIN,
    Options,
    color_bar,
    draw,
    grey_bars,
    message_figure,
)
from actviz_core.figures.channel_map import own_limits
from actviz_core.figures.colors import LABEL, NEUTRAL, ON_BARS, Colors, colorscale, is_centred, resolve
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.unusable import unusable_cells
from actviz_core.units import percent

BARS = 32
"""Up to this many values each get a bar; more are drawn as rows of cells."""

ROW = 128
"""Cells in one row."""

NAMED = 10
"""How many of the highest values get a bar with their name when there are more names than bars."""

BAR_PIXELS = 24
LONG_BAR = 0.5
"""Share of the axis from which on a bar has room for its number inside."""

LONGEST_NAME = 28

LETTER_PIXELS = 7
"""About how wide a letter of a name is."""

DIGIT_PIXELS = 6.5
"""About how wide a character of a number is."""

NARROWEST = 250
"""Pixels beside the names for bars and their numbers, where figures are narrowest."""

EXACT = 3
"""Digits after the point of a share on hover."""

LABEL_NOTE = "blue: the picture's label"
NOTE_PIXELS = 18
"""Height kept free below bars for a note."""

_Part = tuple[list[Options], dict[str, Any]]
"""Traces, with the layout that `draw` takes."""


def vector_figure(
    values: npt.ArrayLike, *, labels: Sequence[str] | None = None, colors: Colors = Colors.AUTO
) -> go.Figure:
    """Draw one value a channel, shape (C,), in the form that fits how many there are.

    Up to 32 values are bars, in order. More are rows of 128 cells; if they have names (`labels`, one a
    value, for the final layer), the ten highest come first as bars. In the cells' trace `z` holds the values
    and `customdata` the channel's number; bars carry the number as `customdata` too.

    Raises:
        ShapeError: if `values` is not one-dimensional, holds no value, or has not one label each.

    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ShapeError(f"Values without places must have the shape (channels,); got {array.shape}.")
    array = float_maps(array[:, None, None]).reshape(-1)
    if labels is not None and len(labels) != len(array):
        raise ShapeError(f"There are {len(array)} values, but {len(labels)} labels.")
    if len(array) <= BARS:
        return _draw(_value_bars(array, np.arange(len(array)), labels))
    if labels is None:
        return _draw(_cells(array, labels, colors))
    best = np.argsort(-array, kind="stable")[:NAMED]
    return _stacked(_value_bars(array, best, labels), _cells(array, labels, colors))


def prediction_bars(prediction: TopK, *, label: str | None = None, width: int = 380) -> go.Figure:
    """The network's most probable classes as bars with their share; the class called `label` is in `LABEL`.

    A note says so where it is shown. `width` is about how wide the figure will be drawn, in pixels: half of
    it is room for the names.
    """
    if prediction.problem is not None:
        return message_figure(prediction.problem)
    colors = [LABEL if name == label else NEUTRAL for name in prediction.labels]
    bars = _bars(
        prediction.probabilities,
        names=prediction.labels,
        text=[percent(share) for share in prediction.probabilities],
        customdata=prediction.indices,
        marker={"color": colors, "line": {"width": 0}},
        hovertemplate=[
            f"%{{hovertext}}: {percent(share, EXACT)}<extra></extra>" for share in prediction.probabilities
        ],
        # Inside a long bar, so that nothing is cut off in a narrow column.
        textposition=["inside" if share > LONG_BAR else "outside" for share in prediction.probabilities],
        insidetextanchor="end",
        insidetextfont={"color": ON_BARS},
    )
    rows = named_rows(prediction.labels, longest=width // 2 // LETTER_PIXELS)
    return draw([bars], xaxis={"range": [0, 1.2]}, **with_label_note(rows, noted=LABEL in colors))


def with_label_note(layout: Mapping[str, Any], *, noted: bool) -> dict[str, Any]:
    """The layout of bars with `LABEL_NOTE` below them, if it is wanted."""
    if not noted:
        return dict(layout)
    note = {"text": LABEL_NOTE, "showarrow": False, "font": {"size": 11}, "xref": "paper", "yref": "paper"}
    note |= {"x": 0, "xanchor": "left", "y": 0, "yanchor": "top"}
    return {
        **layout,
        "height": layout["height"] + NOTE_PIXELS,
        "bottom": MARGIN + NOTE_PIXELS,
        "annotations": [*layout.get("annotations", ()), note],
    }


def _value_bars(
    array: npt.NDArray[np.floating], channels: npt.NDArray[np.int64], labels: Sequence[str] | None
) -> _Part:
    """Bars of the values of `channels`, with the layout that gives each its name."""
    names = [f"channel {channel}" if labels is None else labels[channel] for channel in channels]
    chosen = array[channels]
    lengths = np.where(np.isfinite(chosen), chosen, 0)
    bars = _bars(
        lengths,
        names=names,
        text=[f"{value:.4g}" if np.isfinite(value) else _unusable(value) for value in chosen],
        customdata=channels,
        hovertemplate="%{hovertext}: <b>%{text}</b><extra></extra>",
    )
    low, high = min(0.0, float(lengths.min())), max(0.0, float(lengths.max()))
    written = (DIGIT_PIXELS * max(map(len, bars["text"]), default=0) + DIGIT_PIXELS) / NARROWEST
    # The numbers stand at the bars' ends, on one side of zero or on both.
    room = (high - low or 1) * written / (1 - (1 + (low < 0)) * written)
    zero = {"zeroline": True, "zerolinewidth": 1, "zerolinecolor": "rgba(127,127,127,0.6)"}
    xaxis = zero | {"range": [low - room * (low < 0), high + room]}
    return [bars], {"xaxis": xaxis} | named_rows(names)


def _bars(
    lengths: Sequence[float] | npt.NDArray[np.floating], *, names: Sequence[str], **options: Any
) -> Options:
    placed = {"textposition": "outside", **options}
    return grey_bars(
        x=lengths,
        y=list(range(len(names))),
        orientation="h",
        hovertext=[plain(name) for name in names],
        **placed,
    )


def named_rows(names: Sequence[str], *, longest: int = LONGEST_NAME) -> dict[str, Any]:
    """The layout of horizontal bars from top to bottom with their names at the left.

    Names of more than `longest` characters lose their middle.
    """
    yaxis = {
        "range": [len(names) - 0.5, -0.5],
        "showticklabels": True,
        "automargin": True,
        "tickmode": "array",
    }
    yaxis |= {
        "tickvals": list(range(len(names))),
        "ticktext": [plain(shortened(name, longest)) for name in names],
    }
    return {"height": 2 * MARGIN + BAR_PIXELS * len(names), "yaxis": yaxis, "bargap": 0.25, "dragmode": False}


def _cells(array: npt.NDArray[np.floating], labels: Sequence[str] | None, colors: Colors) -> _Part:
    """All values as rows of cells in reading order, with their layout."""
    columns = min(ROW, len(array))
    rows = -(-len(array) // columns)
    channels = np.arange(rows * columns).reshape(rows, columns)
    cells = np.full(channels.shape, np.nan, array.dtype)
    cells.flat[: len(array)] = array
    finite = array[np.isfinite(array)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    palette = resolve(colors, signed=low < 0)
    low, high = own_limits(low, high, centred=is_centred(palette))
    hover: dict[str, Any] = {"customdata": channels}
    place = "channel %{customdata}<br>"
    if labels is not None:
        names = [plain(label) for label in labels] + [""] * (channels.size - len(array))
        hover["text"] = [names[start : start + columns] for start in channels[:, 0]]
        place = "%{text}<br>"
    heatmap = dict(
        type="heatmap",
        z=cells,
        zmin=low,
        zmax=high,
        colorscale=colorscale(palette),
        colorbar=color_bar(ends=(low, high)),
        zsmooth=False,
        hoverongaps=False,
        hovertemplate=f"{place}<b>%{{z:.5~g}}</b><extra></extra>",
        **hover,
    )
    filled = np.where(channels < len(array), cells, 0)
    yaxis = {"range": [rows - 0.5, -0.5], "showticklabels": rows > 1, "automargin": True, "tickmode": "array"}
    yaxis |= {"tickvals": list(range(rows)), "ticktext": [str(start) for start in channels[:, 0]]}
    return [heatmap, *unusable_cells(filled, place, **hover)], {
        "height": MARGIN + BAR_PIXELS * rows + COLOR_BAR_PIXELS,
        "bottom": COLOR_BAR_PIXELS,
        "xaxis": {"range": [-0.5, columns - 0.5]},
        "yaxis": yaxis,
    }


def _stacked(above: _Part, below: _Part) -> go.Figure:
    """Two drawings in one figure, each with its own axes."""
    (bars, bar_layout), (cells, cell_layout) = above, below
    height = bar_layout["height"] + cell_layout["height"]
    share = cell_layout["height"] / height
    cell_axes = {"xaxis": "x2", "yaxis": "y2"}
    return draw(
        [*bars, *({**trace, **cell_axes} for trace in cells)],
        **bar_layout
        | {
            "height": height,
            "bottom": COLOR_BAR_PIXELS,
            "yaxis": bar_layout["yaxis"] | {"domain": [share + 0.02, 1]},
            "xaxis2": HIDDEN_AXIS | cell_layout["xaxis"] | {"anchor": "y2"},
            "yaxis2": HIDDEN_AXIS | cell_layout["yaxis"] | {"anchor": "x2", "domain": [0, share - 0.02]},
        },
    )


def _draw(part: _Part) -> go.Figure:
    traces, layout = part
    return draw(traces, **layout)


def _unusable(value: float) -> str:
    return "not a number" if np.isnan(value) else f"{'+' if value > 0 else '-'}infinity"
