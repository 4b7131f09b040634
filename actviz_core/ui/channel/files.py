"""What can be taken away of a channel's page: one HTML file, and a script that computes its numbers again."""

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.export import Script, script_zip
from actviz_core.export.channel_script import channel_script
from actviz_core.hooks.selection import call_of
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.numbers import numbers_of
from actviz_core.ui.channel.sections import channel_html
from actviz_core.ui.take_away import telling
from actviz_core.ui.text import file_name, plain


def take_channel_away(hand: ChannelInHand) -> None:
    """Draw the popover; the files are made when they are asked for, of what the cards have found by then."""
    popover = st.popover("Take away", icon=":material/download:", key="take_channel", on_change="rerun")
    if not popover.open:
        return
    label = label_of_layer(hand.layer, f"channel {hand.channel}")
    name = file_name(label.name)
    dark = st.context.theme.type == "dark"
    failures: list[str] = []
    with popover:
        st.download_button(
            "Page (HTML, 5 MB)",
            telling(lambda: channel_html(hand, label.title, dark=dark), f"{name}.html", failures),
            f"{name}.html",
            "text/html",
            key="take_channel_html",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
        layer = numbers_layer(hand)
        st.download_button(
            "Script (ZIP)",
            telling(lambda: script_zip(script_of(hand), name=name), f"{name}.zip", failures),
            f"{name}.zip",
            "application/zip",
            key="take_channel_script",
            on_click="ignore",
            icon=":material/download:",
            disabled=layer is None,
            width="stretch",
        )
        if layer is None:
            st.caption("Plain torch cannot see this step or part of a result, so there is no script for it.")
        else:
            needs = script_of(hand).needs
            st.caption(
                plain(
                    "The ZIP file holds a Python script with its pictures and, where nobody publishes them, "
                    "the weights. The script computes the page's numbers again with plain torch and compares "
                    "them, as far as the page has them. Of a whole swept source it takes the pictures that "
                    f"are shown. The script {needs}"
                )
            )


def numbers_layer(hand: ChannelInHand) -> tuple[str, int] | None:
    """The layer and the number of its call, where a plain hook sees exactly this activation."""
    call = call_of(hand.model.module, hand.call)
    if call.layer is None or call.selector.part:
        return None
    return call.layer, 1 if call.selector.number is None else call.selector.number


def script_of(hand: ChannelInHand) -> Script:
    """The script with the numbers that the page has. Raises `ActVizError` where there is none."""
    layer = numbers_layer(hand)
    if layer is None:
        raise ActVizError("Plain torch cannot see this step or part of a result.")
    numbers = numbers_of(hand, *layer)
    others = {name: hand.workspace.sample(name).image for name in numbers.pictures}
    pictures = {**others, hand.sample.id: hand.sample.image}
    return channel_script(hand.model, hand.sample.id, hand.call, numbers, pictures)
