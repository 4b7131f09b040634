"""What all panels share, and which of them follow the sidebar: seen, and changed for all at once."""

import streamlit as st

from actviz_core.names import Slot
from actviz_core.ui.compare.panels import FilledBoard
from actviz_core.ui.compare.state import set_slots
from actviz_core.ui.text import plain


def shared_row(board: FilledBoard) -> None:
    """Say once what all panels have in common; where panels are pinned, offer to follow the sidebar again."""
    slots = board.slots
    with st.container(horizontal=True, vertical_alignment="center", key="board_shared"):
        if board.shared:
            said = ", ".join(f"{kind} **{plain(text)}**" for kind, text in board.shared)
            st.markdown(f"All panels: {said}", width="content")
        if any(slot.pins_picture for slot in slots):
            st.button(
                "Current picture everywhere",
                icon=":material/keep_off:",
                on_click=set_slots,
                args=([slot.with_picture_in_hand() for slot in slots],),
                help="Every panel shows the picture in the sidebar, and follows it from now on.",
            )
        if any(slot.pins_network for slot in slots):
            st.button(
                "Current network everywhere",
                icon=":material/keep_off:",
                on_click=set_slots,
                args=([slot.with_network_in_hand() for slot in slots],),
                help="Every panel shows the network and weights in the sidebar, and follows from now on.",
            )


def pin_text(slot: Slot) -> str:
    """What of a panel stays as it is when the sidebar changes."""
    match slot.pins_network, slot.pins_picture:
        case True, True:
            return ":material/keep: Network and picture pinned"
        case True, False:
            return ":material/keep: Network pinned"
        case False, True:
            return ":material/keep: Picture pinned"
        case _:
            return "Follows the sidebar"
