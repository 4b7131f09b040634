"""Arrays to plotly figures. Values stay true: what a figure shows on hover is what the network computed."""

from actviz_core.figures.channel_grid import channel_grid
from actviz_core.figures.channel_map import channel_map, overlay
from actviz_core.figures.colors import Colors
from actviz_core.figures.contact_sheet import contact_sheet
from actviz_core.figures.histogram import histogram
from actviz_core.figures.markup import plain
from actviz_core.figures.vectors import prediction_bars, vector_figure

__all__ = [
    "Colors",
    "channel_grid",
    "channel_map",
    "contact_sheet",
    "histogram",
    "overlay",
    "plain",
    "prediction_bars",
    "vector_figure",
]
