"""What can be taken away of a channel's page: one HTML file, and a script that computes its numbers again."""

import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.export.channel_script import channel_script
from actviz_core.hooks.record import layer_of_call
from actviz_core.hooks.walk import named_modules
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.numbers import numbers_of
from actviz_core.ui.channel.sections import channel_html
from actviz_core.ui.layer_files import told_of_layer
from actviz_core.ui.take_away import telling
from actviz_core.ui.text import file_name


def take_channel_away(hand: ChannelInHand) -> None:
    """Draw the popover; the files are made when they are asked for, of what the cards have found by then."""
    popover = st.popover("Take away", icon=":material/download:", key="take_channel", on_change="rerun")
    if not popover.open:
        return
    told = told_of_layer(hand.layer, f"channel {hand.channel}")
    name = file_name(told.name)
    dark = st.context.theme.type == "dark"
    failures: list[str] = []
    with popover:
        st.download_button(
            "Page (HTML, 5 MB)",
            telling(lambda: channel_html(hand, told.title, dark=dark), f"{name}.html", failures),
            f"{name}.html",
            "text/html",
            key="take_channel_html",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
        layer = numbers_layer(hand)
        st.download_button(
            "Script (Python)",
            telling(lambda: script_of(hand).encode(), f"{name}.py", failures),
            f"{name}.py",
            "text/x-python",
            key="take_channel_script",
            on_click="ignore",
            icon=":material/download:",
            disabled=layer is None,
            width="stretch",
        )
        if layer is None:
            st.caption("Plain torch cannot see this step or part of a result, so there is no script for it.")
        else:
            st.caption(
                "The script computes the page's numbers again with plain torch and compares them, as far as "
                "the page has them. Of a whole swept source it takes the pictures that are shown."
            )


def numbers_layer(hand: ChannelInHand) -> tuple[str, int] | None:
    """The layer and the number of its call, where a plain hook sees exactly this activation."""
    layer = layer_of_call(hand.call, dict(named_modules(hand.model.module)))
    rest = "" if layer is None else hand.call[len(layer) :]
    if layer is None or (rest and not rest.removeprefix("#").isdecimal()):
        return None
    return layer, int(rest.removeprefix("#") or 1)


def script_of(hand: ChannelInHand) -> str:
    """The script with the numbers that the page has. Raises `ActVizError` where there is none."""
    layer = numbers_layer(hand)
    if layer is None:
        raise ActVizError("Plain torch cannot see this step or part of a result.")
    return channel_script(hand.model, hand.sample.id, hand.call, numbers_of(hand, *layer))
