"""Plotly figures as pages draw them: the app's fonts and theme, no tool bar, a text for screen readers."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

_CONFIG = {"displayModeBar": False, "scrollZoom": False}


def draw(figure: go.Figure, *, alt: str, key: str | None = None) -> None:
    """Draw a figure that only answers to hovering and zooming."""
    st.plotly_chart(figure, width="stretch", key=key, config=_CONFIG, alt=alt)


def draw_clickable(figure: go.Figure, *, alt: str, key: str, clicked: Callable[[Any], None]) -> None:
    """Draw a figure whose points can be clicked; ``clicked`` gets the point's ``customdata``."""

    def on_select() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            clicked(points[0]["customdata"])

    st.plotly_chart(
        figure,
        width="stretch",
        key=key,
        config=_CONFIG,
        alt=alt,
        on_select=on_select,
        selection_mode="points",
    )
