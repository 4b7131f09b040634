"""Arrays to plotly figures. Values stay true: what a figure shows on hover is what the network computed."""

from actviz_core.figures.attention_heads import attention_heads, attention_picker
from actviz_core.figures.board import compare_board
from actviz_core.figures.board_contents import BoardPanel, Show
from actviz_core.figures.captioned_sheet import captioned_sheet
from actviz_core.figures.change_bars import change_bars
from actviz_core.figures.channel_grid import channel_grid, grid_limits
from actviz_core.figures.channel_map import channel_map, overlay
from actviz_core.figures.class_picker import class_picker
from actviz_core.figures.colors import Colors
from actviz_core.figures.contact_sheet import contact_sheet
from actviz_core.figures.covering_curves import Line, covering_curves
from actviz_core.figures.difference_map import difference_map
from actviz_core.figures.histogram import histogram
from actviz_core.figures.looking import looking_figure
from actviz_core.figures.markup import plain, shortened
from actviz_core.figures.measured import calibration_figure, confusion_figure, learning_curve_figure
from actviz_core.figures.panels import PicturePart, lay_on_pictures
from actviz_core.figures.plain_picture import plain_picture
from actviz_core.figures.prediction_board import aligned_predictions
from actviz_core.figures.vectors import prediction_bars, vector_figure

__all__ = [
    "BoardPanel",
    "Colors",
    "Line",
    "PicturePart",
    "Show",
    "aligned_predictions",
    "attention_heads",
    "attention_picker",
    "calibration_figure",
    "captioned_sheet",
    "change_bars",
    "channel_grid",
    "channel_map",
    "class_picker",
    "compare_board",
    "confusion_figure",
    "contact_sheet",
    "covering_curves",
    "difference_map",
    "grid_limits",
    "histogram",
    "lay_on_pictures",
    "learning_curve_figure",
    "looking_figure",
    "overlay",
    "plain",
    "plain_picture",
    "prediction_bars",
    "shortened",
    "vector_figure",
]
