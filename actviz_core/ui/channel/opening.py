"""Opens a channel's page from wherever a channel is shown."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.ui.choices import check_link
from actviz_core.ui.layer_in_hand import LAYER_PLACE
from actviz_core.ui.place import Place, choose_place
from actviz_core.ui.text import option_text
from actviz_core.ui.view import choose_image, choose_layers, choose_model, current_view

CARDS = ("looks", "computes", "worth", "excites", "made", "twins")
"""What links call the cards, in their order on the page."""

CARD = "card"
_OPEN = "channel_opens"  # in the session: the link's parameters of what was asked for
_ORDER, _ORDER_OF = "channel_order", "channel_order_of"


def open_channel(
    call: str,
    channel: int,
    *,
    place: Place | None = None,
    model_key: str | None = None,
    image_id: str | None = None,
    order: Sequence[int] | None = None,
) -> None:
    """Have the next run open the page of a channel, of the network and picture in hand unless told otherwise.

    ``order`` is that of the grid one comes from, which *Previous* and *Next* follow.
    """
    view = current_view()
    if model_key is not None and model_key != view.model_key:
        choose_model(model_key)
    if image_id is not None and image_id != view.image_id:
        choose_image(image_id)
    if call not in view.layers:
        choose_layers((*view.layers, call))
    if order is not None:
        remember_order(call, order)
    state = st.session_state
    state["activations_layer"], state["channel"] = call, channel
    choose_place(LAYER_PLACE, place)
    written = {"activations_layer": option_text(call), "channel": str(channel)}
    state[_OPEN] = written | ({} if place is None else {"place": f"{place[0]},{place[1]}"})


def go_to_opened_channel() -> None:
    """Turn to the page that `open_channel` asked for. To be called at the start of a page's run."""
    if wanted := st.session_state.pop(_OPEN, None):
        st.switch_page("channel.py", query_params=wanted)


def forget_opening() -> None:
    """Let go of what `open_channel` asked for: its page is the one that runs."""
    st.session_state.pop(_OPEN, None)


def remember_order(call: str, order: Sequence[int]) -> None:
    """Let *Previous* and *Next* follow this order on the page of a channel of ``call``."""
    st.session_state[_ORDER] = [int(number) for number in order]
    st.session_state[_ORDER_OF] = call


def order_of(call: str, count: int, channel: int) -> list[int]:
    """The order of a call's channels: that of the grid one came from, else by their numbers."""
    order = [int(number) for number in st.session_state.get(_ORDER, ())]
    known = st.session_state.get(_ORDER_OF) == call
    usable = known and channel in order and all(number < count for number in order)
    return order if usable else list(range(count))


def chosen_card() -> str | None:
    """The card that the link names; one that is not there is warned of."""
    check_link(CARD, CARDS)
    card = st.query_params.get(CARD)
    return card if card in CARDS else None


def choose_card(card: str) -> None:
    """Let the link name this card from now on."""
    st.query_params[CARD] = card
