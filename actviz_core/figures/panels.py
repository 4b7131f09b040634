"""What a figure says of its tiles in `layout.meta`, so that a cell can be found, clicked and marked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

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
