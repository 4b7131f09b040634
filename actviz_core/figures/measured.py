"""How good a network is: its confusion matrix, and its accuracy while it learned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import draw
from actviz_core.figures.colors import Colors, colorscale, ink_on
from actviz_core.figures.markup import plain
from actviz_core.units import percent

LABELS = 90
"""Pixels that the names of the classes take at the left and above."""

LINES = ("#3f8fc4", "#e4772e")
"""A blue and an orange that can be told apart by everyone, on white and on black."""

_GRID = "rgba(127,127,127,0.25)"
_TICKS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": [percent(share / 4) for share in range(5)]}


def confusion_figure(confusion: npt.ArrayLike, classes: Sequence[str], *, width: int = 560) -> go.Figure:
    """Draw how often each true class (rows) was taken for which (columns), `confusion` of shape (C, C).

    The colours stand for mistakes alone: the diagonal, where the answer is right, has the colour of the most
    frequent mistake. The numbers are the counts.

    Raises:
        ShapeError: if `confusion` is not one row and one column a class.

    """
    counts = np.asarray(confusion)
    if counts.shape != (len(classes), len(classes)):
        raise ShapeError(f"{len(classes)} classes need as many rows and columns; got {counts.shape}.")
    mistakes = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    names = [plain(name) for name in classes]
    heatmap: dict[str, Any] = {
        "type": "heatmap",
        "z": counts,
        "x": names,
        "y": names,
        "zmin": 0,
        "zmax": max(1, int(mistakes.max())),
        "colorscale": colorscale(Colors.CIVIDIS),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y}, taken for %{x}: <b>%{z}</b><extra></extra>",
    }
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": names * len(names),
        "y": [name for name in names for _ in names],
        "text": [str(count) for count in counts.ravel()],
        "textfont": {
            "size": 12,
            "color": [
                ink_on(min(1.0, count / heatmap["zmax"]), Colors.CIVIDIS) for count in counts.ravel().tolist()
            ],
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }
    ticks = {"showticklabels": True, "tickfont": {"size": 12}, "fixedrange": True, "type": "category"}
    return draw(
        [heatmap, numbers],
        height=width,
        top=LABELS,
        xaxis=ticks | {"side": "top", "tickangle": -45},
        yaxis=ticks | {"autorange": "reversed", "automargin": True},
        dragmode=False,
    )


def learning_curve_figure(
    epochs: Sequence[int], accuracies: Mapping[str, Sequence[float]], *, height: int = 280
) -> go.Figure:
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
        height=height,
        bottom=40,
        xaxis=axis | {"title": {"text": "epoch"}},
        yaxis=axis | {"range": [0, 1], "automargin": True, **_TICKS},
        showlegend=True,
        legend={"x": 1, "xanchor": "right", "y": 0.05, "yanchor": "bottom", "font": {"size": 12}},
        dragmode=False,
    )
