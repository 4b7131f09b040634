"""The compare board's panels, in the session and in the link."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.board import FEWEST_PANELS, MOST_PANELS
from actviz_core.names import PanelTextError, Slot
from actviz_core.ui.choices import remember_warning, repeat_warnings
from actviz_core.ui.shell import link_memory

_PARAMETER = "panel"
_SESSION = "board"
_CHOSEN_LAYERS = ["chosen-layers"]  # what a link says of a board that nobody has changed


def current_slots() -> list[Slot]:
    """The panels that a person made; those of a link that was opened, or went back to, win.

    None at all: the board shows the layers in hand.
    """
    link = st.query_params.get_all(_PARAMETER)
    if link and link_memory.wins(_SESSION, link):
        st.session_state[_SESSION] = [] if link == _CHOSEN_LAYERS else _read(link)
        link_memory.remember(_SESSION, link)
    slots: list[Slot] = st.session_state.get(_SESSION, [])
    return slots


def tell_panel_problems() -> None:
    """Say which panels of the link cannot be shown."""
    repeat_warnings(_PARAMETER)


def set_slots(slots: Sequence[Slot]) -> None:
    """Show other panels from now on; without any, the layers in hand."""
    st.session_state[_SESSION] = list(slots[:MOST_PANELS])


def start_board(slots: Sequence[Slot], *, own_range: bool) -> None:
    """Show a preset's panels, with one colour range for all or each with its own."""
    set_slots(slots)
    st.session_state["own_range"] = own_range


def show_board_link(slots: Sequence[Slot]) -> None:
    """Make the browser's address a link to these panels; without any, to the layers in hand."""
    link = [str(slot) for slot in slots] or _CHOSEN_LAYERS
    if link != st.query_params.get_all(_PARAMETER):
        st.query_params[_PARAMETER] = link
    link_memory.remember(_SESSION, link)


def replace_slot(slots: Sequence[Slot], position: int, slot: Slot) -> None:
    """Show something else in one of the panels."""
    set_slots([*slots[:position], slot, *slots[position + 1 :]])


def remove_slot(slots: Sequence[Slot], position: int) -> None:
    """Take one of the panels away; the last two stay."""
    if len(slots) > FEWEST_PANELS:
        set_slots([*slots[:position], *slots[position + 1 :]])


def choose_channel(channel: int) -> None:
    """Show one channel, large, in every panel."""
    if st.session_state.get("show") != "one channel":
        # The channel's widget is about to appear, and will not write what the session gives it into the link.
        st.query_params["board_channel"] = str(int(channel))
    st.session_state["show"] = "one channel"
    st.session_state["board_channel"] = int(channel)


def _read(link: Sequence[str]) -> list[Slot]:
    slots = []
    for text in link[:MOST_PANELS]:
        try:
            slots.append(Slot.parse(text))
        except PanelTextError as error:
            remember_warning(_PARAMETER, str(error))
    if len(link) > MOST_PANELS:
        remember_warning(
            _PARAMETER, f"The link names {len(link)} panels; the board shows the first {MOST_PANELS}."
        )
    return slots
