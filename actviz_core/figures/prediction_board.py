"""The predictions of several panels as aligned bars: the same class in the same row everywhere."""

from collections.abc import Sequence

import plotly.graph_objects as go

from actviz_core.analysis import TopK
from actviz_core.figures.canvas import MARGIN, draw, grey_bars, message_figure
from actviz_core.figures.colors import LABEL, NEUTRAL, ON_BARS
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.vectors import (
    BAR_PIXELS,
    EXACT,
    LETTER_PIXELS,
    LONG_BAR,
    LONGEST_NAME,
    named_rows,
    with_label_note,
)
from actviz_core.units import percent

ROWS = 6
"""Most classes shown."""

NAMES_PIXELS = 90
"""About how much of the width the names of the classes take."""

WIDE = 700
"""Pixels from which on long names of classes have room."""

ROOM = 1.25
"""Width of a panel's column, in units of a probability of one: the rest is for the numbers."""


def aligned_predictions(
    predictions: Sequence[TopK],
    titles: Sequence[str],
    *,
    labels: Sequence[str | None] | None = None,
    width: int = 980,
) -> go.Figure:
    """Draw the classes that any panel finds most probable; that of its picture's label is in `LABEL`.

    A note says so where it is shown; ``labels`` has one label a panel, None where it is unknown.
    ``predictions`` must hold all classes, not only the first few; ``width`` is about how wide the figure will
    be drawn, in pixels, and decides how much of each title is written. One trace a panel: `x` holds the
    probabilities, `customdata` the class names.
    """
    names = _names(predictions)
    if not names:
        return message_figure("No panel has a prediction.")
    room = int((width - NAMES_PIXELS) / len(predictions) / LETTER_PIXELS) - 1
    given = [None] * len(predictions) if labels is None else labels
    colors = [[LABEL if name == label else NEUTRAL for name in names] for label in given]
    traces, notes = [], []
    for column, (prediction, title) in enumerate(zip(predictions, titles, strict=True)):
        share = dict(zip(prediction.labels, prediction.probabilities, strict=True))
        shares = [float(share.get(name, 0)) for name in names]
        traces.append(
            grey_bars(
                x=shares,
                y=list(range(len(names))),
                base=[column * ROOM] * len(names),
                orientation="h",
                customdata=list(names),
                text=[
                    percent(value) if name in share else "" for name, value in zip(names, shares, strict=True)
                ],
                textposition=["inside" if value > LONG_BAR else "outside" for value in shares],
                insidetextanchor="end",
                insidetextfont={"color": ON_BARS},
                hovertext=[
                    f"{plain(title)}<br>{plain(name)}: {percent(value, EXACT)}"
                    for name, value in zip(names, shares, strict=True)
                ],
                hovertemplate="%{hovertext}<extra></extra>",
                marker={
                    "color": colors[column],
                    "line": {"width": 0},
                },
            )
        )
        heading = title if prediction.problem is None else f"{title}: {prediction.problem}"
        notes.append(
            {
                "text": plain(shortened(heading, max(room, 4))),
                "hovertext": plain(heading),
                "x": column * ROOM,
                "xanchor": "left",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 12},
            }
        )
    layout = named_rows(names, longest=LONGEST_NAME if width >= WIDE else LONGEST_NAME // 2)
    layout |= {"height": MARGIN + BAR_PIXELS * (len(names) + 1), "annotations": notes}
    return draw(
        traces,
        xaxis={"range": [0, ROOM * len(predictions)], "fixedrange": True},
        top=BAR_PIXELS,
        barmode="overlay",
        **with_label_note(layout, noted=any(LABEL in own for own in colors)),
    )


def _names(predictions: Sequence[TopK]) -> list[str]:
    """The most probable class of every panel, then their second ones, and so on."""
    ranks = zip(*(prediction.labels[:3] for prediction in predictions if prediction.labels), strict=False)
    return list(dict.fromkeys(name for rank in ranks for name in rank))[:ROWS]
