"""How alike layers are: a heatmap with a cell a pair, or several of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.errors import ShapeError
from actviz_core.figures.board_places import GAP, TITLE_PIXELS, columns_of
from actviz_core.figures.canvas import (
    COLOR_BAR_PIXELS,
    HIDDEN_AXIS,
    MARGIN,
    color_bar_above,
    draw,
    message_figure,
)
from actviz_core.figures.color_range import ColorRange
from actviz_core.figures.colors import Colors, ink_on
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.panels import tile_panel
from actviz_core.figures.tiles import TileLayout
from actviz_core.wording.likeness import cka_text

NAME = 20
"""Characters of a layer's name beside the cells."""

LETTER_PIXELS = 6.2
"""About how wide a letter of such a name is."""

CELL = 76
"""Pixels that a cell is wide at most."""

NUMBERS = 36
"""Pixels of a cell that has room for its number."""

LINE = 13
"""Pixels of a cell beside which each layer's name has room; else some names are left out."""


@dataclass(frozen=True, eq=False)
class LikenessPanel:
    """One heatmap: R layers by C layers.

    Attributes:
        title: what stands above it; "" for none.
        rows, columns: the layers' names.
        values: (R, C), 0 to 1; NaN has no colour.
        labels: R x C texts, row by row: what is said of each cell.

    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: npt.NDArray[np.float64]
    labels: Sequence[str]


def likeness_map(panels: Sequence[LikenessPanel], *, width: int = 980) -> go.Figure:
    """Draw each panel with square cells, all in one scale from 0 to 1.

    A click on a cell means its number, counted row by row, in the panel of that number.

    Raises:
        ShapeError: if a panel has not one value and one label a pair.

    """
    if not panels:
        return message_figure("Nothing to compare.")
    spots, height = _spots(panels, width)
    scale = ColorRange(Colors.CIVIDIS, 0.0, 1.0, color_bar_above(width=width, ends=(0.0, 1.0)))
    traces: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    notes: list[dict[str, Any]] = []
    metas: list[dict[str, Any]] = []
    for number, (panel, spot) in enumerate(zip(panels, spots, strict=True)):
        rows, columns = len(panel.rows), len(panel.columns)
        if panel.values.shape != (rows, columns) or len(panel.labels) != rows * columns:
            raise ShapeError(f"{rows} x {columns} layers need as many values and labels.")
        x, y = (kind if number == 0 else f"{kind}{number + 1}" for kind in "xy")
        here = {"xaxis": x, "yaxis": y}
        bar = {} if number == 0 else {"showscale": False}
        traces.append(scale.heatmap(z=panel.values, xgap=1, ygap=1, hoverinfo="none", **here) | bar)
        if spot.cell >= NUMBERS:
            traces.append(_numbers(panel.values) | here)
        axes |= spot.axes(panel, x, y)
        layout = TileLayout(rows * columns, 1, 1, columns, title=0, gap=0)
        meta = tile_panel(layout, range(rows * columns), kind="pair", labels=list(panel.labels))
        metas.append(meta | {"x": x, "y": y, "number": number})
        if panel.title:
            notes.append(spot.title(panel.title))
    return draw(
        traces,
        height=height,
        top=COLOR_BAR_PIXELS,
        annotations=notes,
        meta={"panels": metas},
        dragmode=False,
        **axes,
    )


@dataclass(frozen=True)
class _Spot:
    """A panel's place: pixels from the left and the top of the area, which is so wide and high."""

    left: float
    top: float
    cell: float
    beside: float
    above: float
    area: tuple[float, float]

    def axes(self, panel: LikenessPanel, x: str, y: str) -> dict[str, Any]:
        rows, columns = len(panel.rows), len(panel.columns)
        across, down = self.area
        ends = [self.left + self.beside, self.left + self.beside + columns * self.cell]
        low = self.top + self.above + rows * self.cell
        shared = HIDDEN_AXIS | {"showticklabels": True, "fixedrange": True}
        every = max(1, -(-LINE // max(1, int(self.cell))))
        return {
            f"xaxis{x[1:]}": shared
            | _names(panel.columns, every)
            | {
                "domain": [ends[0] / across, min(1.0, ends[1] / across)],
                "range": [-0.5, columns - 0.5],
                "anchor": y,
                "side": "top",
                "tickangle": -45,
                "constrain": "domain",
                "constraintoward": "left",
            },
            f"yaxis{y[1:]}": shared
            | _names(panel.rows, every)
            | {
                "domain": [max(0.0, 1 - low / down), 1 - (self.top + self.above) / down],
                "range": [rows - 0.5, -0.5],
                "anchor": x,
                "scaleanchor": x,
                "constrain": "domain",
                "constraintoward": "top",
            },
        }

    def title(self, text: str) -> dict[str, Any]:
        across, down = self.area
        return {
            "text": f"<b>{plain(text)}</b>",
            "showarrow": False,
            "font": {"size": 13},
            "xref": "paper",
            "yref": "paper",
            "x": self.left / across,
            "xanchor": "left",
            "y": 1 - self.top / down,
            "yanchor": "top",
        }


def _spots(panels: Sequence[LikenessPanel], width: int) -> tuple[list[_Spot], int]:
    """Where the panels lie, all with cells of one size, and the height of the figure."""
    beside = 10 + max(len(shortened(name, NAME)) for panel in panels for name in panel.rows) * LETTER_PIXELS
    longest = max(len(shortened(name, NAME)) for panel in panels for name in panel.columns)
    title = TITLE_PIXELS if any(panel.title for panel in panels) else 0
    above = title + 14 + longest * LETTER_PIXELS * 0.71
    most = max(len(panel.columns) for panel in panels)
    # The names above the last column lean beyond it.
    taken = beside + longest * LETTER_PIXELS * 0.6
    across = next(
        (
            count
            for count in range(len(panels), 1, -1)
            if len(panels) % count == 0 and _across(count, width) - taken >= most * NUMBERS
        ),
        columns_of(len(panels), width),
    )
    cell = max(4.0, min(CELL, (_across(across, width) - taken) / most))
    tall = max(len(panel.rows) for panel in panels) * cell + above
    lines = -(-len(panels) // across)
    area = (width - 2.0 * MARGIN, lines * tall + GAP * (lines - 1))
    spots = [
        _Spot(
            left=number % across * (_across(across, width) + GAP),
            top=number // across * (tall + GAP),
            cell=cell,
            beside=beside,
            above=above,
            area=area,
        )
        for number in range(len(panels))
    ]
    return spots, round(area[1]) + COLOR_BAR_PIXELS + MARGIN


def _across(columns: int, width: int) -> float:
    """Pixels of each of so many panels side by side."""
    return (width - 2 * MARGIN - GAP * (columns - 1)) / columns


def _names(names: Sequence[str], every: int) -> dict[str, Any]:
    places = list(range(0, len(names), every))
    return {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [plain(shortened(names[at], NAME)) for at in places],
        "tickfont": {"size": 11},
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "rgba(0,0,0,0)",
    }


def _numbers(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Each cell's value with two digits, in an ink that can be read on its colour."""
    rows, columns = np.indices(values.shape)
    return {
        "type": "scatter",
        "mode": "text",
        "x": columns.ravel(),
        "y": rows.ravel(),
        "text": ["" if np.isnan(value) else cka_text(value) for value in values.ravel().tolist()],
        "textfont": {
            "size": 11,
            "color": [
                "#7f7f7f" if np.isnan(value) else ink_on(value, Colors.CIVIDIS)
                for value in values.ravel().tolist()
            ],
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }
