"""What a figure says of its tiles in `layout.meta`, so that a cell can be found, clicked and marked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from actviz_core.figures.tiles import TileLayout

Meta = dict[str, Any]


def tile_panel(
    layout: TileLayout,
    items: Sequence[Any] | npt.NDArray[np.generic],
    *,
    kind: str,
    values: str = "z",
    labels: Sequence[str] | None = None,
) -> Meta:
    """One panel of tiles: `items` in reading order, on the axes ``x`` and ``y`` unless told otherwise.

    Args:
        layout: where the tiles lie, in cells.
        items: what each tile is, such as its channel's number.
        kind: what an item is called: "channel", "head".
        values: which array of the panel's first heatmap holds the values: "z" or "customdata".
        labels: what each item is in words, where its name is not enough.

    """
    panel: Meta = {
        "x": "x",
        "y": "y",
        "items": np.asarray(items).tolist(),
        "across": layout.columns,
        "tile": [layout.height, layout.width],
        "pitch": list(layout.pitch),
        "title": layout.title,
        "kind": kind,
        "values": values,
    }
    return panel if labels is None else panel | {"labels": list(labels)}


def map_panel(rows: int, columns: int, *, kind: str = "", item: int | None = None) -> Meta:
    """A panel that is one map, of an item if it is one's own."""
    return tile_panel(TileLayout(1, rows, columns, 1, title=0, gap=0), [item], kind=kind)


@dataclass(frozen=True)
class PicturePart:
    """Which part of which picture a map lies on.

    Attributes:
        picture: the picture's name, the same for its variants.
        box: left, top, right and bottom in fractions of the whole picture; beyond 0 and 1 where it is padded.
        mirrored: whether the map lies on the mirror image.

    """

    picture: str
    box: tuple[float, float, float, float]
    mirrored: bool = False


def lay_on_pictures(
    figure: go.Figure,
    parts: Sequence[PicturePart | None],
    *,
    chosen: tuple[int, int, int] | None = None,
) -> go.Figure:
    """Let the figure say which part of a picture each panel lies on, so that places can be marked.

    Args:
        figure: with panels; it is changed.
        parts: one a panel that was asked for, drawn or not; None for one that lies on no picture.
        chosen: panel, row and column of a cell that is marked while nobody points elsewhere.

    """
    meta = figure.layout.meta or {"panels": []}
    panels = [
        panel if (part := parts[panel.get("number", 0)]) is None else panel | {"part": asdict(part)}
        for panel in meta["panels"]
    ]
    told: Meta = {"panels": panels}
    if chosen is not None:
        at = next((i for i, panel in enumerate(panels) if panel.get("number", 0) == chosen[0]), None)
        if at is not None:
            told["chosen"] = {"panel": at, "row": chosen[1], "column": chosen[2]}
    figure.layout.meta = told
    return figure
