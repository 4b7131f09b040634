"""What excites each channel: the nine pictures with its largest values, each cut to what its cell sees."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import streamlit as st

from actviz_core.channels.crops import Crop, cut_to_sight
from actviz_core.channels.on_pictures import Hit, channel_of_run
from actviz_core.figures import captioned_sheet
from actviz_core.system.background import Task
from actviz_core.ui.channel.card import begin_waiting, ready
from actviz_core.ui.channel.hand import kept_field
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.dataset.alive import health_task
from actviz_core.ui.dataset.hand import RunInHand, choose_layer
from actviz_core.ui.dataset.ways import channel_address, go_to_channel, go_where_asked
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import number

PAGE = 6
SHOWN = 9
NARROW, NARROW_COLUMNS = 700, 5


class Order(StrEnum):
    """In which order channels stand."""

    NUMBER = "number"
    HIGHEST = "largest value"
    CLASS = "tells most of the class"


def show_excites(hand: RunInHand) -> None:
    """Draw the view."""
    if hand.source is None or hand.model is None:
        st.info(
            "This needs the network and the pictures as they were when they were swept, and one of them is "
            "not here any more.",
            icon=":material/hide_image:",
        )
        return
    begin_waiting()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        call = choose_layer(hand)
        order = Order(linked_selectbox("Sort by", list(Order), key="excites_order", width=240))
    channels = _ordered(hand, call, order)
    if channels is None:
        return
    pages = -(-len(channels) // PAGE)
    page = 1
    if pages > 1:
        if st.session_state.get("excites_page", 1) > pages:
            st.session_state["excites_page"] = 1
        page = st.pagination(pages, key="excites_page", bind="query-params")
    st.caption(
        plain(
            f"For each channel of {call or 'the answer'} the pictures with its largest values, cut to what "
            "the highest cell can see. Click one to open the channel's page for that picture."
        )
    )
    for channel in channels[(page - 1) * PAGE : page * PAGE]:
        _row(hand, call, channel)


def _ordered(hand: RunInHand, call: str, order: Order) -> list[int] | None:
    count = hand.run.plan(call).channels
    if order is Order.NUMBER:
        return list(range(count))
    if order is Order.HIGHEST:
        values = np.nan_to_num(hand.run.maximum(call), nan=-np.inf).max(axis=0)
    else:
        task = health_task(hand, call)
        if not ready(task, f"Comparing the channels of {call}", key="excites_health"):
            return None
        values = np.nan_to_num(task.result().tells, nan=-1)
    return [int(channel) for channel in np.argsort(-values, kind="stable")]


@st.fragment
def _row(hand: RunInHand, call: str, channel: int) -> None:
    """Draw one channel's pictures; what it waits for, and a click, runs this row alone."""
    go_where_asked()
    with st.container(key=f"excites_row_{channel}"):
        found = channel_of_run(hand.run, call, channel)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Channel {channel}**", width="content")
            st.page_link(
                "channel.py",
                label="Open its page",
                icon=":material/open_in_full:",
                query_params=channel_address(call, channel),
            )
        if not found.top:
            st.caption("It has no finite value in any picture.")
            return
        if found.values[-1] == found.values[0]:
            st.caption(f"Its largest value is {number(found.values[0])} in every picture.")
            return
        task = _crops_task(hand, call, channel, found.top)
        if not ready(task, "Finding what the highest cells see", key=f"excites_{channel}"):
            return
        _sheet(call, channel, task.result())


def _crops_task(hand: RunInHand, call: str, channel: int, hits: Sequence[Hit]) -> Task[tuple[Crop, ...]]:
    model, workspace = hand.model, hand.workspace

    def cut(_: Task[tuple[Crop, ...]]) -> tuple[Crop, ...]:
        if model is None:
            return ()
        field_at = kept_field(model, workspace.store, call, channel)
        return cut_to_sight(model, hits, lambda image: workspace.sample(image).image, field_at)

    key = (hand.run.id, "", f"{call} crops {channel}")
    return workspace.background.start(key, cut, lambda crops: sum(crop.pixels.nbytes for crop in crops))


def _sheet(call: str, channel: int, crops: Sequence[Crop]) -> None:
    captions = [
        f"{crop.hit.label or crop.hit.image.rpartition('/')[2]} {number(crop.hit.value)}" for crop in crops
    ]
    width = column_width(1.0)
    draw_clickable(
        captioned_sheet(
            [crop.pixels for crop in crops],
            items=[crop.hit.image for crop in crops],
            captions=captions,
            columns=SHOWN if width >= NARROW else NARROW_COLUMNS,
            width=width,
        ),
        key=f"excites_sheet_{channel}",
        alt=f"The pictures with the largest values of channel {channel}: {', '.join(captions)}",
        clicked=lambda click: _open(call, channel, click),
    )


def _open(call: str, channel: int, click: Click) -> None:
    if click.item is not None:
        go_to_channel(call, channel, str(click.item))
