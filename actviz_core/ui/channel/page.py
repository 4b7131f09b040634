"""The Channel page: which channel it is, its map, and the cards."""

import streamlit as st

from actviz_core.errors import ShapeError
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.activations.reading import chosen_reading
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.channel.card import begin_waiting, card
from actviz_core.ui.channel.computes import show_computes
from actviz_core.ui.channel.excites import show_excites
from actviz_core.ui.channel.files import take_channel_away
from actviz_core.ui.channel.hand import Asked, ChannelInHand, place_of_channel
from actviz_core.ui.channel.head import choose_call, choose_channel, show_head
from actviz_core.ui.channel.looks import show_looks
from actviz_core.ui.channel.made import show_made
from actviz_core.ui.channel.opening import CARDS, chosen_card, write_channel
from actviz_core.ui.channel.twins import show_twins
from actviz_core.ui.channel.worth import show_worth
from actviz_core.ui.quick_picks import quick_picks
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import View
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

_CARDS = dict(
    zip(
        CARDS,
        (
            ("Where it looks", show_looks),
            ("What it computes with", show_computes),
            ("What it is worth for this picture", show_worth),
            ("What excites it most", show_excites),
            ("What would excite it more", show_made),
            ("Twins", show_twins),
        ),
        strict=True,
    )
)


def show_channel(model: Model, sample: Sample, view: View, workspace: Workspace) -> None:
    """Draw everything below the page's title."""
    if not view.layers:
        st.info("No layer is chosen. Start with one of these, or pick your own.", icon=":material/checklist:")
        quick_picks(workspace.tree(model))
        st.page_link("layers.py", label="All layers", icon=":material/account_tree:")
        return
    workspace.prepare(model, sample, view.layers)
    activations = workspace.activations(model, sample, [*view.layers])
    if not activations:
        st.warning(plain(workspace.why_nothing(model, view.layers[0])), icon=":material/block:")
        return
    call = choose_call(list(activations))
    decided = workspace.layout(model, call, activations[call])
    try:
        layer = SelectedLayer.of(call, activations[call], decided, model, sample)
    except ShapeError as error:
        st.info(plain(f"{call} has no channels to show. {error}"), icon=":material/hide_image:")
        return
    if chosen_reading(decided) is not decided:
        st.caption("This page reads the layer's axes as the network's structure says, not as was chosen.")
    channel, files = choose_channel(layer)
    write_channel(call, channel, several=len(activations) > 1)
    name_tab(f"Channel {channel} of {call}, {sample.title}")
    hand = ChannelInHand(layer, channel, place_of_channel(layer), workspace)
    show_head(hand)
    asked = Asked(view, call, channel, hand.place)
    first = chosen_card()
    begin_waiting()
    page = st.grid(2, min_column_width=360, gap="small")
    for names in (CARDS[:3], CARDS[3:]):  # two columns whose cards need not end in one line
        with page.cell():
            for name in names:
                title, draw = _CARDS[name]
                card(name, title, draw, asked, workspace, chosen=name == first)
    with files:
        take_channel_away(hand)
