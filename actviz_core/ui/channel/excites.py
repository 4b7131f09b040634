"""Card 4: which pictures of a source excite the channel most, and how its classes differ."""

import streamlit as st

from actviz_core.channels.on_pictures import ChannelOnPictures
from actviz_core.errors import ActVizError
from actviz_core.figures import captioned_sheet, vector_figure
from actviz_core.samples import open_source
from actviz_core.ui.channel.card import ready
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.opening import open_channel
from actviz_core.ui.channel.pictures import BUNDLED, check_run, crops_task, pictures_task
from actviz_core.ui.choices import check_switches
from actviz_core.ui.figure import Click, draw, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import number, pictures_sentence

SHARE = 0.44  # of the page's width
MOST_CLASSES = 20


def show_excites(hand: ChannelInHand) -> None:
    """Draw the card."""
    check_run(hand)
    task = pictures_task(hand)
    told = task.report is not None
    words = "Running the network on 20 pictures" if told else "Looking up what the network did with pictures"
    if not ready(task, words, key="excites", share=task.report / 20 if told else None):
        return
    found = task.result()
    value = float(hand.layer.statistics.maximum[hand.channel])
    st.markdown(plain(pictures_sentence(found, hand.channel, value, own=hand.sample.id)))
    if not found.count:
        return
    check_switches("lowest")
    lowest = st.toggle("The lowest instead", key="lowest", bind="query-params")
    _sheet(hand, found, lowest=lowest)
    _classes(found)
    st.caption(plain(f"Largest value of the channel in each picture of {_title(hand, found.source)}."))


def _sheet(hand: ChannelInHand, found: ChannelOnPictures, *, lowest: bool) -> None:
    hits = found.bottom if lowest else found.top
    task = crops_task(hand, hits, "lowest" if lowest else "highest")
    if not ready(task, "Finding what the highest cell of each picture sees", key="crops"):
        return
    crops = task.result()
    captions = [f"{hit.label or hit.image.rpartition('/')[2]} {number(hit.value)}" for hit in hits]
    draw_clickable(
        captioned_sheet(
            [crop.pixels for crop in crops],
            items=[hit.image for hit in hits],
            captions=captions,
            width=column_width(SHARE),
        ),
        key="channel_excites",
        alt=f"The pictures with the {'smallest' if lowest else 'largest'} values: {', '.join(captions)}",
        clicked=lambda click: _open(hand.call, hand.channel, click),
    )
    st.caption("Each is cut to what its highest cell can see. Click one to look at that picture.")


def _classes(found: ChannelOnPictures) -> None:
    """Draw the mean largest value of each class; of many classes, the ones with the largest."""
    if len(found.classes) < 2:
        return
    order = sorted(range(len(found.classes)), key=lambda at: -found.class_means[at])[:MOST_CLASSES]
    names = [found.classes[at] for at in order]
    draw(
        vector_figure([found.class_means[at] for at in order], labels=names),
        key="channel_classes",
        alt="The mean of the largest values over the pictures of each class, the largest first: "
        + ", ".join(f"{name} {number(found.class_means[at])}" for name, at in zip(names, order, strict=True)),
    )
    more = len(found.classes) - len(order)
    if more > 0:
        st.caption(f"The {len(order)} classes with the largest mean; {more:,} more have less.")


def _title(hand: ChannelInHand, source: str) -> str:
    try:
        opened = open_source(source, hand.workspace.settings)
    except ActVizError:
        return source
    return f"{opened.title}, which come along with the app" if source == BUNDLED else opened.title


def _open(call: str, channel: int, click: Click) -> None:
    if click.item is not None:
        open_channel(call, channel, image_id=str(click.item))
