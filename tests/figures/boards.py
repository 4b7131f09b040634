"""Panels of random maps for the compare board, and what tests read from its figure."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from actviz_core.analysis import channel_statistics
from actviz_core.figures import BoardPanel


def panel(
    title: str = "1 final",
    channels: int = 7,
    height: int = 6,
    width: int = 5,
    *,
    seed: int = 0,
    scale: float = 1,
    signed: bool = True,
) -> BoardPanel:
    """A panel of random maps with a picture."""
    random = np.random.default_rng(seed)
    maps = (scale * random.standard_normal((channels, height, width))).astype(np.float32)
    maps = maps if signed else np.abs(maps)
    return BoardPanel(
        title, maps, channel_statistics(maps), random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    )


def panels(count: int) -> list[BoardPanel]:
    return [panel(f"{number} final", seed=number, scale=number) for number in range(1, count + 1)]


def main_traces(figure: go.Figure) -> list[Any]:
    """Each panel's first trace, by the panels' titles."""
    return [trace for trace in figure.data if trace.name and trace.name[0].isdigit()]


def title_traces(figure: go.Figure) -> list[Any]:
    return [trace for trace in figure.data if trace.type == "scatter"]


def words(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def axis(figure: go.Figure, kind: str, number: int) -> Any:
    return figure.layout[f"{kind}axis{'' if number == 1 else number}"]
