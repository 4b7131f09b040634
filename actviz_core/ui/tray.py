"""The tray: up to six pictures kept at hand on every page."""

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.text import plain
from actviz_core.ui.view import View, choose_image
from actviz_core.workspace import Workspace

TRAY_SIZE = 6
_SESSION = "tray"


def tray() -> list[str]:
    """The image ids in the tray, oldest first."""
    kept: list[str] = st.session_state.setdefault(_SESSION, [])
    return kept


def keep_in_tray(image_id: str) -> None:
    """Add a picture; when the tray is full, the oldest one makes room."""
    st.session_state[_SESSION] = [*(kept for kept in tray() if kept != image_id), image_id][-TRAY_SIZE:]


def take_from_tray(image_id: str) -> None:
    """Remove a picture."""
    st.session_state[_SESSION] = [kept for kept in tray() if kept != image_id]


def tray_choice(view: View, workspace: Workspace) -> None:
    """Switch to a picture of the tray; draws nothing while the tray is empty."""
    if not tray():
        return
    st.session_state["tray_choice"] = view.image_id if view.image_id in tray() else None
    st.pills(
        "Tray",
        tray(),
        key="tray_choice",
        format_func=lambda image_id: _title(image_id, workspace),
        on_change=_choose,
        help=f"{meaning(Term.TRAY)} Click one to look at it.",
    )


def _choose() -> None:
    if st.session_state["tray_choice"]:
        choose_image(st.session_state["tray_choice"])


def _title(image_id: str, workspace: Workspace) -> str:
    try:
        label = workspace.sample(image_id).label
    except ActVizError:
        label = None
    return plain(f"{label or image_id.split('/')[0]} {image_id.rsplit('/', 1)[-1]}")
