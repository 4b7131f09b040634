"""Where the panels of a board lie: a grid of places in one figure, each below a heading of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actviz_core.figures.canvas import HIDDEN_AXIS, MARGIN, Options

GAP = 24
"""Pixels between panels."""

TITLE_PIXELS = 24
"""Height kept free above each panel for its title."""

ROW_LIMITS = {1: 660, 2: 430}
"""Pixels above which a panel is scaled down rather than made higher, by the number of rows."""


NARROW = 700
"""Pixels of a figure below which no more than two panels stand side by side."""


@dataclass(frozen=True)
class Place:
    """One panel's part of the figure: `left` to `right` and `bottom` to `top` are fractions of its area.

    `number` counts from 1; `width` is in pixels.
    """

    number: int
    left: float
    right: float
    bottom: float
    top: float
    width: float

    def axis(self, kind: str) -> str:
        """What traces call this panel's axis of the kind "x" or "y": ``x``, ``y2``."""
        return kind if self.number == 1 else f"{kind}{self.number}"

    def put(self, trace: Options) -> dict[str, Any]:
        """The trace, drawn in this panel."""
        return {**trace, "xaxis": self.axis("x"), "yaxis": self.axis("y")}

    def axes(self, alone: Options, *, follows: "Place | None") -> dict[str, Any]:
        """The layout of this panel's axes, made from those of a figure that shows it `alone`.

        Zoomed or moved, they go with those of `follows`, which must have the same range.
        """
        x, y = self.axis("x"), self.axis("y")
        xaxis = {"domain": [self.left, self.right], "anchor": y, "constraintoward": "left"}
        yaxis = {"domain": [self.bottom, self.top], "anchor": x, "scaleanchor": x}
        if follows is not None:
            xaxis["matches"], yaxis["matches"] = follows.axis("x"), follows.axis("y")
        return {
            f"xaxis{x[1:]}": HIDDEN_AXIS | alone["xaxis"] | xaxis,
            f"yaxis{y[1:]}": HIDDEN_AXIS | alone["yaxis"] | yaxis,
        }

    def note(self, text: str, *, raised: int = 0, size: int = 12, **options: Any) -> dict[str, Any]:
        """An annotation above this panel, `raised` pixels, at its left."""
        note = {"text": text, "showarrow": False, "font": {"size": size}, "xref": "paper", "yref": "paper"}
        note |= {"x": self.left, "xanchor": "left", "y": self.top, "yanchor": "bottom", "yshift": raised}
        return note | options

    def message(self, text: str) -> dict[str, Any]:
        """An annotation in the middle of this panel that says why there is no drawing."""
        middle = {"x": (self.left + self.right) / 2, "xanchor": "center"}
        return self.note(text) | middle | {"y": (self.bottom + self.top) / 2, "yanchor": "middle"}


def columns_of(count: int, width: int) -> int:
    """Panels side by side: up to three in one row, four in two rows, more in rows of three; narrow: two."""
    return 2 if count == 4 else min(max(count, 1), 3 if width >= NARROW else 2)


def panel_width(count: int, width: int) -> float:
    """Pixels from side to side of each of `count` panels in a figure `width` pixels wide."""
    columns = columns_of(count, width)
    return (width - 2 * MARGIN - GAP * (columns - 1)) / columns


def row_limit(count: int, width: int) -> int:
    """Pixels that each of `count` panels may be high."""
    return ROW_LIMITS.get(-(-count // columns_of(count, width)), min(ROW_LIMITS.values()))


def places(heights: Sequence[int], *, width: int, heading: int) -> tuple[list[Place], int]:
    """The places of panels `heights` pixels high, `heading` pixels free above each; the area's height."""
    columns, across = columns_of(len(heights), width), panel_width(len(heights), width)
    rows = [max(heights[start : start + columns]) for start in range(0, len(heights), columns)]
    area_width = width - 2 * MARGIN
    area_height = sum(rows) + heading * len(rows) + GAP * (len(rows) - 1)
    found = []
    for index in range(len(heights)):
        row, column = divmod(index, columns)
        left = column * (across + GAP)
        top = sum(rows[:row]) + row * (heading + GAP) + heading
        found.append(
            Place(
                number=index + 1,
                left=left / area_width,
                right=(left + across) / area_width,
                # Its own height, not its row's: linked axes in places of unlike shape stretch the cells.
                bottom=max(0.0, 1 - (top + heights[index]) / area_height),
                top=1 - top / area_height,
                width=across,
            )
        )
    return found, area_height
