"""Draws the app's figures in the browser: one Streamlit component, with plotly.js from the app itself."""

from actviz_core.ui.figure.drawing import (
    Click,
    Drawn,
    FigureLabel,
    collected,
    draw,
    draw_clickable,
    draw_selectable,
)
from actviz_core.ui.figure.save_button import save_button

__all__ = [
    "Click",
    "Drawn",
    "FigureLabel",
    "collected",
    "draw",
    "draw_clickable",
    "draw_selectable",
    "save_button",
]
