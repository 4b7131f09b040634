"""The top of a channel's page: its map, large, with its numbers, and the way to its neighbours."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from actviz_core.analysis import ChannelOrder, order_channels
from actviz_core.figures import Colors, channel_map, lay_on_pictures
from actviz_core.ui.activations.colour_range import ELSEWHERE, colour_range
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.activations.layer_side import channel_numbers
from actviz_core.ui.activations.selected_layer import LAYER_PLACE, SelectedLayer
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.opening import chosen_call, chosen_channel, order_of, remember_channel
from actviz_core.ui.choices import check_switches
from actviz_core.ui.figure import draw_clickable
from actviz_core.ui.place import choose_place
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import option_text, plain
from actviz_core.ui.usual import tell_usual
from actviz_core.wording.channels import number
from actviz_core.wording.layers import channel_sentence

SHARE = 0.5  # of the page's width
HIGHEST = 420  # pixels of the map


def choose_call(calls: list[str]) -> str:
    """Let a person switch between the chosen layers' calls, if there are several."""
    call = chosen_call(calls)
    if len(calls) > 1:
        st.session_state["channel_call"] = call
        st.segmented_control(
            "Layer",
            calls,
            required=True,
            key="channel_call",
            format_func=option_text,
            label_visibility="collapsed",
            on_change=_call_chosen,
        )
    return call


def choose_channel(layer: SelectedLayer) -> tuple[int, DeltaGenerator]:
    """Draw the channel's number and the way to its neighbours; the strongest where the link names none.

    Returns the place for files beside them, too.
    """
    count = len(layer.maps)
    strongest = int(order_channels(layer.statistics, ChannelOrder.STRENGTH, descending=True)[0])
    channel = chosen_channel(layer.call, count, strongest)
    st.session_state["channel_number"] = channel
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Channel",
            range(count),
            key="channel_number",
            width=118,
            on_change=lambda: _go(layer.call, int(st.session_state["channel_number"])),
        )
        order = order_of(layer.call, count, channel)
        at = order.index(channel)
        for label, icon, target in (
            ("Previous", ":material/chevron_left:", order[at - 1]),
            ("Next", ":material/chevron_right:", order[(at + 1) % len(order)]),
        ):
            st.button(label, icon=icon, key=f"channel_{label}", on_click=_go, args=(layer.call, target))
        st.page_link("activations.py", label=f"All {count:,} channels", icon=":material/grid_view:")
        files = st.container(width="content")
    return channel, files


def show_head(hand: ChannelInHand) -> None:
    """Draw the map over the picture, and the numbers beside it."""
    layer, channel = hand.layer, hand.channel
    said = channel_sentence(layer.statistics, channel, layer.maps.shape)
    page = st.grid(2, min_column_width=320, gap="medium")
    with page.cell():
        if hand.map.size == 1:
            st.metric("Its one value", number(float(hand.map[0, 0])))
        else:
            _map(hand, said)
    with page.cell():
        st.markdown(plain(said))
        tell_usual(layer, channel, hand.workspace)
        if hand.place is not None:
            row, column = hand.place
            st.markdown(f"At row {row}, column {column}: **{number(float(hand.map[row, column]))}**")
            st.button("Back to the highest cell", icon=":material/my_location:", on_click=_forget_place)
        channel_numbers(layer.statistics, channel)
        shape = " x ".join(map(str, layer.maps.shape))
        st.caption(f"**{plain(layer.call)}** {plain(layer.type_name)}, {shape}. {plain(layer.note)}")


def _map(hand: ChannelInHand, said: str) -> None:
    layer = hand.layer
    on_picture = False
    if layer.layout.on_picture:
        check_switches("channel_over")
        on_picture = st.toggle("Over the picture", value=True, key="channel_over", bind="query-params")
    width = column_width(SHARE)
    limits, told = colour_range(layer, hand.channel, like=ELSEWHERE)
    figure = channel_map(
        hand.map,
        image=layer.below if on_picture else None,
        opacity=0.6 if on_picture else 1.0,
        colors=Colors.AUTO,
        limits=limits,
        signed=layer.statistics.signed,
        channel=hand.channel,
        width=width,
    )
    figure.layout.height = min(int(figure.layout.height), HIGHEST)
    draw_clickable(
        lay_on_pictures(figure, [layer.part], chosen=None if hand.place is None else (0, *hand.place)),
        key="channel_map",
        alt=said,
        label=label_of_layer(layer, f"channel {hand.channel}"),
        clicked=lambda click: choose_place(LAYER_PLACE, click.place),
    )
    st.caption(told)


def _go(call: str, channel: int) -> None:
    remember_channel(call, channel)
    _forget_place()


def _call_chosen() -> None:
    remember_channel(st.session_state["channel_call"], None)
    _forget_place()


def _forget_place() -> None:
    choose_place(LAYER_PLACE, None)
