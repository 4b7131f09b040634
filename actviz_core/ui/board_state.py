"""The compare board's panels, in the session and in the link."""

import streamlit as st

from actviz_core.board import FEWEST_PANELS, MOST_PANELS, Panel, PanelTextError
from actviz_core.ui.choices import remember_warning, repeat_warnings

_PARAMETER = "panel"
_SESSION = "board"


def current_panels() -> list[Panel]:
    """The session's panels; those of a link that was opened, or went back to, win."""
    link = st.query_params.get_all(_PARAMETER)
    if link and link != st.session_state.get("board_link"):
        st.session_state[_SESSION] = _read(link)
        st.session_state["board_link"] = link
    panels: list[Panel] = st.session_state.get(_SESSION, [])
    return panels


def tell_panel_problems() -> None:
    """Say which panels of the link cannot be shown."""
    repeat_warnings(_PARAMETER)


def set_panels(panels: list[Panel]) -> None:
    """Show other panels from now on."""
    st.session_state[_SESSION] = panels[:MOST_PANELS]


def start_board(panels: list[Panel], *, own_range: bool) -> None:
    """Show a preset's panels, with one colour range for all or each with its own."""
    set_panels(panels)
    st.session_state["own_range"] = own_range


def show_board_link(panels: list[Panel]) -> None:
    """Make the browser's address a link to these panels."""
    link = [str(panel) for panel in panels]
    if link and link != st.query_params.get_all(_PARAMETER):
        st.query_params[_PARAMETER] = link
    st.session_state["board_link"] = link


def replace_panel(position: int, panel: Panel) -> None:
    """Show something else in one panel."""
    panels = list(current_panels())
    panels[position] = panel
    set_panels(panels)


def remove_panel(position: int) -> None:
    """Take one panel away; the last two stay."""
    panels = list(current_panels())
    if len(panels) > FEWEST_PANELS:
        del panels[position]
    set_panels(panels)


def add_panel(panel: Panel) -> None:
    """Show one more panel."""
    set_panels([*current_panels(), panel])


def choose_channel(channel: int) -> None:
    """Show one channel, large, in every panel."""
    if st.session_state.get("show") != "one channel":
        # The channel's widget is about to appear, and will not write what the session gives it into the link.
        st.query_params["board_channel"] = str(int(channel))
    st.session_state["show"] = "one channel"
    st.session_state["board_channel"] = int(channel)


def _read(link: list[str]) -> list[Panel]:
    panels = []
    for text in link[:MOST_PANELS]:
        try:
            panels.append(Panel.parse(text))
        except PanelTextError as error:
            remember_warning(_PARAMETER, str(error))
    if len(link) > MOST_PANELS:
        remember_warning(
            _PARAMETER, f"The link names {len(link)} panels; the board shows the first {MOST_PANELS}."
        )
    return panels
