"""Which channel the page shows: in the session and in the link, with the way there from other pages.

The parameters are those that Activations binds to its widgets. Streamlit takes what is bound to one page's
widgets out of the address when another page is opened, so the session carries them over.
"""

from collections.abc import Sequence

import streamlit as st

from actviz_core.ui.activations.selected_layer import LAYER_PLACE
from actviz_core.ui.choices import SOME, check_link, remember_warning, repeat_warnings
from actviz_core.ui.place import choose_place
from actviz_core.ui.shell import link_memory
from actviz_core.ui.shell.view import View, choose_image, choose_layers, current_view, link_of
from actviz_core.ui.text import option_text, shorten

CARDS = ("looks", "computes", "worth", "excites", "made", "twins")
"""What links call the cards, in their order on the page."""

CARD, CALL, CHANNEL = "card", "activations_layer", "channel"
_SHOWN = "channel_page"  # in the session: the call and the channel
_ORDER, _ORDERS = "channel_order", "channel_orders"  # of the grid on Activations; by call, of any grid
MOST_ORDERS = 16


def remember_channel(call: str, channel: int | None) -> None:
    """Show this channel of this call from now on; without a number, the call's strongest one."""
    st.session_state[_SHOWN] = (call, channel)


def shown_channel() -> tuple[str, int | None] | None:
    """What `remember_channel` was told last."""
    shown: tuple[str, int | None] | None = st.session_state.get(_SHOWN)
    return shown


def open_channel(call: str, channel: int, *, image_id: str | None = None) -> None:
    """Show another channel on this page from now on, for the picture in hand unless another one is named."""
    view = current_view()
    if image_id is not None and image_id != view.image_id:
        choose_image(image_id)
    if call not in view.layers:
        choose_layers((*view.layers, call))
    remember_channel(call, channel)
    choose_place(LAYER_PLACE, None)


def chosen_call(calls: Sequence[str]) -> str:
    """The call whose channel is shown; what a link names wins, or is warned of."""
    link = _link()
    if link != (None, None) and link_memory.wins(_SHOWN, link):
        _take(link, calls)
    repeat_warnings(CALL)
    shown = shown_channel()
    return shown[0] if shown is not None and shown[0] in calls else calls[0]


def chosen_channel(call: str, count: int, strongest: int) -> int:
    """The channel that is shown, of so many; one that is not there is warned of."""
    shown = shown_channel()
    channel = shown[1] if shown is not None and shown[0] == call else None
    if channel is not None and channel >= count:
        _warn(CHANNEL, str(channel), [str(number) for number in range(count)])
        channel = None
    repeat_warnings(CHANNEL)
    channel = strongest if channel is None else channel
    remember_channel(call, channel)
    return channel


def write_channel(call: str, channel: int, *, several: bool) -> None:
    """Make the address a link to this channel; ``several`` says whether there are other calls."""
    written = (option_text(call) if several else None, str(channel))
    for name, value in zip((CALL, CHANNEL), written, strict=True):
        if value is None:
            if name in st.query_params:
                del st.query_params[name]
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
    link_memory.remember(_SHOWN, written)


def channel_link(view: View, call: str, channel: int) -> dict[str, list[str]]:
    """The query parameters that open the page of a channel."""
    several = {CALL: [option_text(call)]} if len(view.layers) > 1 else {}
    return {**link_of(view), **several, CHANNEL: [str(channel)]}


def remember_order(call: str, order: Sequence[int]) -> None:
    """Let *Previous* and *Next* follow this order, beside the grid and on the pages of its channels."""
    st.session_state[_ORDER] = [int(number) for number in order]
    remember_order_of_board(call, order)


def remember_order_of_board(call: str, order: Sequence[int]) -> None:
    """Let *Previous* and *Next* follow this order on the page of a channel of ``call``."""
    orders: dict[str, list[int]] = st.session_state.setdefault(_ORDERS, {})
    orders.pop(call, None)
    orders[call] = [int(number) for number in order]
    while len(orders) > MOST_ORDERS:
        orders.pop(next(iter(orders)))


def order_of(call: str, count: int, channel: int) -> list[int]:
    """The order of a call's channels: that of the grid one came from, else by their numbers."""
    order: list[int] = st.session_state.get(_ORDERS, {}).get(call, [])
    usable = channel in order and all(number < count for number in order)
    return order if usable else list(range(count))


def chosen_card() -> str | None:
    """The card that the link names; one that is not there is warned of."""
    check_link(CARD, CARDS)
    card = st.query_params.get(CARD)
    return card if card in CARDS else None


def choose_card(card: str) -> None:
    """Let the link name this card from now on."""
    st.query_params[CARD] = card


def _link() -> tuple[str | None, str | None]:
    return st.query_params.get(CALL), st.query_params.get(CHANNEL)


def _take(link: tuple[str | None, str | None], calls: Sequence[str]) -> None:
    named = {option_text(call): call for call in calls}
    wanted, number = link
    if wanted is not None and wanted not in named:
        _warn(CALL, wanted, list(named))
        wanted = None
    channel = None
    if number is not None:
        channel = int(number) if number.isdecimal() and len(number) < 10 else None
        if channel is None:
            remember_warning(
                CHANNEL,
                f"The link's channel={shorten(number, 60)} is not possible here. It is a channel's number.",
            )
    remember_channel(calls[0] if wanted is None else named[wanted], channel)
    link_memory.remember(_SHOWN, link)  # read once


def _warn(name: str, given: str, allowed: Sequence[str]) -> None:
    some = ", ".join(allowed if len(allowed) <= SOME else [*allowed[: SOME - 2], "...", allowed[-1]])
    remember_warning(name, f"The link's {name}={shorten(given, 60)} is not possible here. It can be: {some}.")
