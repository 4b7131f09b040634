"""The way from a board that shows one channel to that channel's page."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from actviz_core.ui.board_panels import Filled
from actviz_core.ui.channel.opening import open_channel


def offer_channel_pages(
    panels: Sequence[Filled], channel: int, orders: Sequence[np.typing.ArrayLike]
) -> None:
    """Draw a button for every panel that has the channel; the page shows the panel's network and picture."""
    with st.container(horizontal=True, key="board_channel_pages"):
        for panel, order in zip(panels, orders, strict=True):
            if channel < len(panel.drawn.maps):
                st.button(
                    f"Open its page in panel {panel.position + 1}",
                    key=f"open_channel_{panel.position}",
                    icon=":material/open_in_full:",
                    on_click=open_channel,
                    args=(panel.panel.call, channel),
                    kwargs={
                        "model_key": panel.model.key,
                        "image_id": panel.sample.id,
                        "order": np.asarray(order).tolist(),
                    },
                )
