"""How good a network is: its confusion matrix, its calibration, and its accuracy while it learned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.analysis.calibration import Calibration
from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import draw, grey_bars
from actviz_core.figures.colors import Colors, colorscale, ink_on
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.tiles import TileLayout
from actviz_core.units import percent

LABELS = 90
"""Pixels that the names of the classes take at the left and above."""

MOST_LETTERS = 16
"""Longer names of classes lose their middle."""

LINES = ("#3f8fc4", "#e4772e")
"""A blue and an orange that can be told apart by everyone, on white and on black."""

_GRID = "rgba(127,127,127,0.25)"
_TICKS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": [percent(share / 4) for share in range(5)]}


def confusion_figure(
    confusion: npt.ArrayLike,
    classes: Sequence[str],
    answers: Sequence[str] | None = None,
    *,
    width: int = 560,
) -> go.Figure:
    """Draw how often each true class (rows) was taken for which (columns), `confusion` of shape (K, C).

    Trace 0 is a heatmap of the counts. Every cell is an item of its own, numbered in reading order, that can
    be pointed at, walked to and clicked. The colours stand for mistakes alone: an answer of the class's own
    name has the colour of the most frequent mistake or less. The numbers are the counts.

    Args:
        confusion: the counts.
        classes: names the K rows.
        answers: names the C columns; None where they are the rows' names.
        width: of the figure, in pixels.

    Raises:
        ShapeError: if there is not one row a class and one column an answer.

    """
    counts = np.asarray(confusion)
    answers = classes if answers is None else answers
    if counts.shape != (len(classes), len(answers)):
        raise ShapeError(
            f"{len(classes)} classes and {len(answers)} answers need as many rows and columns; "
            f"got {counts.shape}."
        )
    own = np.array([[true == said for said in answers] for true in classes], bool).reshape(counts.shape)
    highest = max(1, int(np.where(own, 0, counts).max(initial=0)))
    told = [
        f"{true}, {'named right' if true == said else f'taken for {said}'}: {count}"
        for true, row in zip(classes, counts.tolist(), strict=True)
        for said, count in zip(answers, row, strict=True)
    ]
    heatmap: dict[str, Any] = {
        "type": "heatmap",
        "z": counts,
        "zmin": 0,
        "zmax": highest,
        "colorscale": colorscale(Colors.CIVIDIS),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "none",  # the panel's labels say it
    }
    rows, columns = counts.shape
    size = max(7, min(12, round(0.3 * (width - LABELS) / max(1, columns))))
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": np.tile(np.arange(columns), rows),
        "y": np.repeat(np.arange(rows), columns),
        "text": [str(count) for count in counts.ravel()],
        "textfont": {
            "size": size,
            "color": [ink_on(min(1.0, count / highest), Colors.CIVIDIS) for count in counts.ravel().tolist()],
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }
    cells = TileLayout(rows * columns, 1, 1, columns, title=0, gap=0)
    ticks = {"showticklabels": True, "tickfont": {"size": size}, "fixedrange": True, "tickmode": "array"}
    return draw(
        [heatmap, numbers],
        height=LABELS + max(60, round((width - LABELS) * rows / max(1, columns))),
        top=LABELS,
        xaxis=ticks
        | {
            "side": "top",
            "tickangle": -45,
            "tickvals": list(range(columns)),
            "ticktext": [plain(shortened(name, MOST_LETTERS)) for name in answers],
            "range": [-0.5, columns - 0.5],
        },
        yaxis=ticks
        | {
            "range": [rows - 0.5, -0.5],
            "automargin": True,
            "tickvals": list(range(rows)),
            "ticktext": [plain(shortened(name, MOST_LETTERS)) for name in classes],
        },
        dragmode=False,
        meta={"panels": [tile_panel(cells, range(rows * columns), kind="pair", labels=told)]},
    )


CALIBRATION_HEIGHT = 260


def calibration_figure(found: Calibration) -> go.Figure:
    """Draw how often the network is right by how sure it is: a bar a bin, and the line where both agree."""
    edges, used = np.asarray(found.edges), np.asarray(found.count) > 0
    middles = ((edges[:-1] + edges[1:]) / 2)[used]
    told = [
        f"{percent(low)} to {percent(high)} sure: {count:,} pictures<br>"
        f"sure {percent(sure, 1)} on average, right <b>{percent(right, 1)}</b>"
        for low, high, count, sure, right in zip(
            edges[:-1][used],
            edges[1:][used],
            found.count[used].tolist(),
            found.confidence[used],
            found.accuracy[used],
            strict=True,
        )
    ]
    bars = grey_bars(
        x=middles,
        y=found.accuracy[used],
        width=[0.9 / len(found.count)] * int(used.sum()),
        hovertext=told,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": LINES[1], "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
    }
    axis: dict[str, Any] = {"showticklabels": True, "showgrid": True, "gridcolor": _GRID, "fixedrange": True}
    return draw(
        [bars, line],
        height=CALIBRATION_HEIGHT,
        bottom=44,
        xaxis=axis | {"range": [0, 1], **_TICKS, "title": {"text": "how sure it is"}},
        yaxis=axis | {"range": [0, 1], "automargin": True, **_TICKS, "title": {"text": "how often right"}},
        dragmode=False,
    )


def learning_curve_figure(epochs: Sequence[int], accuracies: Mapping[str, Sequence[float]]) -> go.Figure:
    """Draw accuracies, 0 to 1, over the epochs: one line for each of at most two named measurements.

    Raises:
        ShapeError: if a line has not one value an epoch, or there are more than two.

    """
    if len(accuracies) > len(LINES) or any(len(line) != len(epochs) for line in accuracies.values()):
        raise ShapeError(f"At most {len(LINES)} lines of one value an epoch can be drawn.")
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(epochs),
            "y": list(line),
            "name": plain(name),
            "line": {"color": color, "width": 2},
            "text": [percent(value, 1) for value in line],
            "hovertemplate": f"{plain(name)}<br>epoch %{{x}}: <b>%{{text}}</b><extra></extra>",
        }
        for (name, line), color in zip(accuracies.items(), LINES, strict=False)
    ]
    axis: dict[str, Any] = {"showticklabels": True, "showgrid": True, "gridcolor": _GRID, "fixedrange": True}
    return draw(
        traces,
        height=280,
        bottom=40,
        xaxis=axis | {"title": {"text": "epoch"}},
        yaxis=axis | {"range": [0, 1], "automargin": True, **_TICKS},
        showlegend=True,
        legend={"x": 1, "xanchor": "right", "y": 0.05, "yanchor": "bottom", "font": {"size": 12}},
        dragmode=False,
    )
