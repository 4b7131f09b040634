"""Card 1: which pixels the chosen or highest cell can see, and which of them matter now."""

import numpy as np
import streamlit as st

from actviz_core.channels.looking import Look, look
from actviz_core.figures import lay_on_pictures, looking_figure
from actviz_core.system.background import Task
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.channel.card import ready
from actviz_core.ui.channel.hand import ChannelInHand, kept_field
from actviz_core.ui.figure import draw
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import look_sentence, number

SHARE = 0.44  # of the page's width


def look_task(hand: ChannelInHand) -> Task[Look]:
    """Find where the channel's cell looks, in the background."""
    model, sample, layout = hand.model, hand.sample, hand.layer.layout
    call, channel, cell = hand.call, hand.channel, hand.cell
    field_at = kept_field(hand.model, hand.workspace.store, call, channel)
    return hand.workspace.background.start(
        hand.key(f"looks {channel} {cell}"),
        lambda _: look(model.module, model.inputs(sample.image), call, layout, channel, cell, field_at(cell)),
        lambda found: 0 if found.shares is None else found.shares.nbytes,
    )


def show_looks(hand: ChannelInHand) -> None:
    """Draw the card."""
    task = look_task(hand)
    if not ready(task, "Trying which pixels reach this cell", key="looks"):
        return
    found = task.result()
    st.markdown(plain(look_sentence(found)))
    row, column = hand.cell
    which = "The chosen cell" if hand.place is not None else "The highest cell"
    value = number(float(hand.map[row, column]))
    if hand.map.size > 1:
        st.caption(f"{which}, row {row}, column {column}: {value}. Click the map above to choose another.")
    else:
        st.caption(f"Its only cell: {value}.")
    field = found.field
    picture = np.asarray(hand.model.preprocess.seen(hand.sample.image))
    if picture.shape[:2] != field.input_size:
        st.caption("The picture is not drawn: the network sees it in another size than its input.")
        return
    box = None if field.empty else (field.top, field.bottom, field.left, field.right)
    figure = looking_figure(picture, found.shares, box=box, width=column_width(SHARE))
    draw(
        lay_on_pictures(figure, [picture_part(hand.model, hand.sample)]),
        key="channel_looks",
        alt=look_sentence(found),
        label=label_of_layer(hand.layer, f"channel {hand.channel}, where row {row}, column {column} looks"),
    )
    if found.shares is not None and found.shares.any():
        st.caption(
            "The frame holds all pixels that can matter. Colours show how much each matters now: its part of "
            "the gradient of the cell's value."
        )
