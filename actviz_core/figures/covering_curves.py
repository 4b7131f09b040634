"""How a class reacts while more and more of a picture is covered, or uncovered, as small lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import draw
from actviz_core.figures.markup import plain
from actviz_core.figures.measured import LINES

HEIGHT = 190
ENOUGH = 0.4
"""A probability from which on the height stands for all from 0 to 1."""

_GRID = "rgba(127,127,127,0.25)"


@dataclass(frozen=True)
class Line:
    """One curve: a probability, 0 to 1, by the share of pixels, 0 to 1.

    Attributes:
        name: what the line shows, for its label.
        probabilities: one a share.
        covered: whether pixels are covered; else they are uncovered in a picture without detail.
        chance: whether their order is random; else it is the map's.

    """

    name: str
    probabilities: Sequence[float]
    covered: bool
    chance: bool


def covering_curves(shares: Sequence[float], lines: Sequence[Line], *, quantity: str) -> go.Figure:
    """Draw the lines over the same shares; those of random order are dashed. ``quantity`` names the height.

    Raises:
        ShapeError: if a line has not one value a share.

    """
    if any(len(line.probabilities) != len(shares) for line in lines):
        raise ShapeError(f"Every line needs {len(shares)} values, one a share of pixels.")
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(shares),
            "y": list(line.probabilities),
            "name": plain(line.name),
            "line": {
                "color": LINES[1] if line.covered else LINES[0],
                "width": 1.5 if line.chance else 2.5,
                "dash": "dot" if line.chance else "solid",
            },
            "marker": {"size": 4},
            "hovertemplate": f"{plain(line.name)}: %{{x:.0%}} of the pixels<br>"
            f"{plain(quantity)} <b>%{{y:.1%}}</b><extra></extra>",
        }
        for line in lines
    ]
    highest = max((max(line.probabilities) for line in lines), default=1.0)
    top = 1.0 if highest > ENOUGH else highest * 1.1 or 1.0  # curves of an unlikely class fill the figure too
    axis: dict[str, Any] = {
        "showticklabels": True,
        "showgrid": True,
        "gridcolor": _GRID,
        "fixedrange": True,
        "tickfont": {"size": 10},
        "tickformat": "~%",
    }
    return draw(
        traces,
        height=HEIGHT,
        bottom=58,
        xaxis=axis | {"range": [-0.01, shares[-1] + 0.01], "nticks": 6},
        yaxis=axis | {"range": [-0.03 * top, 1.05 * top], "nticks": 4, "automargin": True},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "font": {"size": 10}},
        dragmode=False,
    )
