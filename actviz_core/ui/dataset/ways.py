"""Ways from the page Data set to others: to a channel's page, to Why for a picture, to a board."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from actviz_core.names import Slot
from actviz_core.ui.channel.opening import channel_link, remember_channel
from actviz_core.ui.shell.view import choose_image, choose_layers, current_view

_GO = "dataset_go"  # in the session: the page to turn to, once a figure or a table was clicked


def go_to_channel(call: str, channel: int, image_id: str | None = None) -> None:
    """Turn to the page of a channel, of the picture in hand or of another one. For callbacks."""
    view = current_view()
    if image_id is not None and image_id != view.image_id:
        choose_image(image_id)
    if call not in view.layers:
        choose_layers((*view.layers, call))
    remember_channel(call, channel)
    st.session_state[_GO] = ("channel.py", channel_link(current_view(), call, channel))


def go_to_why(image_id: str) -> None:
    """Turn to the page Why for a picture. For callbacks."""
    choose_image(image_id)
    st.session_state[_GO] = ("why.py", None)


def go_to_board(slots: Sequence[Slot]) -> None:
    """Turn to a board of these panels, each with a colour range of its own. For callbacks."""
    link = {"panel": [str(slot) for slot in slots], "own_range": ["true"]}
    st.session_state[_GO] = ("compare.py", link)


def go_where_asked() -> None:
    """Turn to the page that a click asked for, if one did. Call before the page is drawn."""
    page, link = st.session_state.pop(_GO, (None, None))
    if page is not None:
        st.switch_page(page, query_params=link)


def channel_address(call: str, channel: int) -> dict[str, list[str]]:
    """The link to the page of a channel, for the network and picture in hand."""
    view = current_view()
    layers = view.layers if call in view.layers else (*view.layers, call)
    return channel_link(replace(view, layers=layers), call, channel)
