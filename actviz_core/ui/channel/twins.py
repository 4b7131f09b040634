"""Card 6: the channels of the same layer whose maps go with this one's."""

import numpy as np
import streamlit as st

from actviz_core.analysis import ValueRange
from actviz_core.analysis.twins import twins
from actviz_core.figures import Colors, channel_grid, lay_on_pictures
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.opening import open_channel
from actviz_core.ui.channel.sentences import twins_sentence
from actviz_core.ui.content_width import column_width
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.text import plain

SHARE = 0.44  # of the page's width
MOST = 5


def show_twins(hand: ChannelInHand) -> None:
    """Draw the card."""
    maps = hand.layer.maps
    if maps[0].size == 1:
        st.markdown("Each channel of this layer has one value, so there are no patterns to compare.")
        return
    if len(maps) == 1:
        st.markdown("It is the only channel of its layer.")
        return
    if not np.isfinite(hand.map).all():
        st.markdown("This map holds values that are no finite numbers, so it cannot be compared.")
        return
    found = twins(maps, hand.channel, MOST)
    said = twins_sentence([(twin.channel, twin.correlation) for twin in found])
    st.markdown(plain(said))
    if not found:
        return
    figure = channel_grid(
        maps,
        channels=[hand.channel, *(twin.channel for twin in found)],
        columns=3,
        colors=Colors.AUTO,
        value_range=ValueRange.CHANNEL,
        selected=hand.channel,
        statistics=hand.layer.statistics,
        width=column_width(SHARE),
    )
    figure.layout.annotations = []  # there is no room for it: the words below say it
    draw_clickable(
        lay_on_pictures(figure, [hand.layer.part]),
        key="channel_twins",
        alt=said,
        clicked=lambda click: _open(hand.call, click),
    )
    listed = ", ".join(f"{twin.channel} {twin.correlation:.2f}" for twin in found)
    st.caption(
        f"Correlation over the cells of this picture's maps: {listed}. Each map has a colour range of "
        "its own. Click one to open its page."
    )


def _open(call: str, click: Click) -> None:
    if click.item is not None:
        open_channel(call, int(click.item))
