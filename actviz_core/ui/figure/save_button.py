"""A button that saves a figure of the page as a picture: the browser draws it."""

from pathlib import Path

import streamlit as st

_FOLDER = Path(__file__).parent

_BUTTON = st.components.v2.component(
    "save_figure",
    html='<button type="button"></button>',
    css=(_FOLDER / "save_button.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "save_button.js").read_text(encoding="utf-8"),
)


def save_button(label: str, *, figure_key: str, name: str, scale: float) -> None:
    """Draw the button; ``figure_key`` is the key that the figure was drawn with, ``scale`` pixels a pixel."""
    picture = {"format": "png", "name": name, "scale": scale}
    _BUTTON(key="take_PNG", data={"label": label, "key": figure_key, "picture": picture})
