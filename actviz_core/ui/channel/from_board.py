"""The way from a board that shows one channel to that channel's page."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.ui.channel.opening import channel_link
from actviz_core.ui.compare.panels import LoadedPanel
from actviz_core.ui.shell.view import View


def offer_channel_pages(panels: Sequence[LoadedPanel], channel: int) -> None:
    """Draw a link for every panel that has the channel; the page shows the panel's network and picture."""
    with st.container(horizontal=True, key="board_channel_pages"):
        for panel in panels:
            if channel < len(panel.drawn.maps):
                shown = View(panel.model.key, panel.sample.id, (panel.panel.call,))
                st.page_link(
                    "channel.py",
                    label=f"Open its page in panel {panel.position + 1}",
                    icon=":material/open_in_full:",
                    query_params=channel_link(shown, panel.panel.call, channel),
                )
