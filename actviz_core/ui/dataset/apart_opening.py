"""From a point or a thumbnail to its picture: on Activations, at the layer of the map."""

import streamlit as st

from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.text import option_text
from actviz_core.ui.view import choose_image, choose_layers, choose_model, current_view

_OPEN = "apart_opens"  # in the session: the page to turn to, with the link's parameters


def open_picture(hand: RunInHand, call: str, index: int) -> None:
    """Look at a picture of the run: what the layer did with it; without its network, the picture alone."""
    if hand.source is None:
        return
    choose_image(hand.run.image(index))
    if hand.model is None:
        st.session_state[_OPEN] = ("samples.py", {"source": hand.source.key})
        return
    if current_view().key != hand.model.key:
        choose_model(hand.model.key)
    if call not in current_view().layers:
        choose_layers((*current_view().layers, call))
    st.session_state["activations_layer"] = call
    st.session_state[_OPEN] = ("activations.py", {"activations_layer": option_text(call)})


def open_if_asked() -> None:
    """Turn to the page that the last click asked for."""
    if wanted := st.session_state.pop(_OPEN, None):
        page, link = wanted
        st.switch_page(page, query_params=link)
