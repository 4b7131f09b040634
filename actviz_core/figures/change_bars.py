"""The same classes before and after a change, as pairs of bars."""

from collections.abc import Sequence

import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.canvas import MARGIN, draw, grey_bars
from actviz_core.figures.colors import ACCENT, NEUTRAL, ON_BARS
from actviz_core.figures.markup import plain
from actviz_core.figures.vectors import EXACT, LETTER_PIXELS, LONG_BAR, named_rows
from actviz_core.units import percent

PAIR_PIXELS = 44
LEGEND_PIXELS = 30


def change_bars(
    names: Sequence[str],
    before: Sequence[float],
    after: Sequence[float],
    *,
    titles: tuple[str, str] = ("before", "after"),
    width: int = 420,
) -> go.Figure:
    """Draw shares of 0 to 1 of each class, before and after; two traces, `customdata` the class names.

    Raises:
        ShapeError: if there is not one share a class.

    """
    if len({len(names), len(before), len(after)}) != 1:
        raise ShapeError(f"{len(names)} classes need as many shares before and after.")
    traces = [
        grey_bars(
            x=list(shares),
            y=[index + shift for index in range(len(names))],
            width=[0.36] * len(names),
            orientation="h",
            name=title,
            customdata=list(names),
            text=[percent(share, 1) for share in shares],
            textposition=["inside" if share > LONG_BAR else "outside" for share in shares],
            insidetextanchor="end",
            constraintext="none",
            textfont={"size": 11},
            insidetextfont={"size": 11, "color": ON_BARS},
            hovertext=[
                f"{plain(title)}<br>{plain(name)}: {percent(share, EXACT)}"
                for name, share in zip(names, shares, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"color": color, "line": {"width": 0}},
        )
        for title, shares, shift, color in (
            (titles[0], before, -0.19, NEUTRAL),
            (titles[1], after, 0.19, ACCENT),
        )
    ]
    layout = named_rows(names, longest=max(6, width // 3 // LETTER_PIXELS))
    layout |= {"height": 2 * MARGIN + LEGEND_PIXELS + PAIR_PIXELS * len(names), "bargap": 0}
    return draw(
        traces,
        xaxis={"range": [0, 1.2], "fixedrange": True},
        top=LEGEND_PIXELS + MARGIN,
        barmode="overlay",
        **layout
        | {
            "showlegend": True,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": {"size": 12}},
        },
    )
