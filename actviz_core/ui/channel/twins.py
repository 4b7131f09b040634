"""Card 6: the channels of the same layer that go with this one, over this picture or over a whole source."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from actviz_core.analysis import ValueRange
from actviz_core.analysis.twins import Twin, twins
from actviz_core.channels.on_pictures import pictures_counted
from actviz_core.figures import Colors, channel_grid, lay_on_pictures
from actviz_core.sweep import Run
from actviz_core.ui.channel.card import ready
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.opening import open_channel
from actviz_core.ui.channel.pictures import run_of, twins_task
from actviz_core.ui.choices import check_link
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import twins_over_sentence, twins_sentence

SHARE = 0.44  # of the page's width
MOST = 5
OVER, OVERS = "twins", ("all pictures", "this picture")


def show_twins(hand: ChannelInHand) -> None:
    """Draw the card: over a source once it was swept, else, or if it is asked for, over this picture."""
    if len(hand.layer.maps) == 1:
        st.markdown("It is the only channel of its layer.")
        return
    run = run_of(hand)
    answer = st.container()  # the sentence stands above what it depends on
    if run is not None and _choose_over():
        with answer:
            _over_run(hand, run)
        return
    with answer:
        _over_picture(hand)


def compares_source() -> bool:
    """Whether all pictures of a swept source are compared; not if a person chose this picture alone."""
    return st.session_state.get(OVER) != OVERS[1]


def _choose_over() -> bool:
    check_link(OVER, OVERS)
    st.segmented_control(
        "Compare over", OVERS, default=OVERS[0], required=True, key=OVER, bind="query-params"
    )
    return compares_source()


def _over_run(hand: ChannelInHand, run: Run) -> None:
    task = twins_task(hand, run)
    if not ready(task, "Comparing the channels over all pictures", key="twins"):
        return
    found = task.result()
    pairs = [(twin.channel, twin.correlation) for twin in found]
    said = twins_over_sentence(pairs, pictures_counted(run, hand.call, hand.channel))
    st.markdown(plain(said))
    _draw(hand, found, said)
    if found:
        st.caption(
            plain(
                f"Correlation of the maps' means over {run.manifest.source_title}: {_listed(found)}. The "
                "maps are those of the picture in hand, each in a colour range of its own. Click one to open "
                "its page."
            )
        )


def _over_picture(hand: ChannelInHand) -> None:
    maps = hand.layer.maps
    if maps[0].size == 1:
        st.markdown("Each channel of this layer has one value, so there are no patterns to compare.")
        return
    if not np.isfinite(hand.map).all():
        st.markdown("This map holds values that are no finite numbers, so it cannot be compared.")
        return
    found = twins(maps, hand.channel, MOST)
    said = twins_sentence([(twin.channel, twin.correlation) for twin in found])
    st.markdown(plain(said))
    _draw(hand, found, said)
    if found:
        st.caption(
            f"Correlation over the cells of this picture's maps: {_listed(found)}. Each map has a colour "
            "range of its own. Click one to open its page."
        )


def _draw(hand: ChannelInHand, found: Sequence[Twin], said: str) -> None:
    """Draw the maps of the channel and its twins for the picture in hand."""
    if not found:
        return
    figure = channel_grid(
        hand.layer.maps,
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


def _listed(found: Sequence[Twin]) -> str:
    return ", ".join(f"{twin.channel} {twin.correlation:.2f}" for twin in found)


def _open(call: str, click: Click) -> None:
    if click.item is not None:
        open_channel(call, int(click.item))
