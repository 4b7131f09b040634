"""The questions that people come with, each a link to the page that answers it."""

import streamlit as st

from actviz_core.models import Model
from actviz_core.names import ModelKey
from actviz_core.ui.shell.defaults import DEFAULT_MODEL


def questions(model: Model) -> None:
    """Draw the links in one row; how it learned is only known of the bundled network."""
    st.subheader("What people ask next")
    with st.container(horizontal=True, key="questions"):
        st.page_link("why.py", label="Why does it say that?", icon=":material/help_center:")
        st.page_link(
            "channel.py", label="What does a channel look for?", icon=":material/center_focus_strong:"
        )
        st.page_link("dataset.py", label="How good is it, and where is it wrong?", icon=":material/dataset:")
        if ModelKey.parse(model.key).network == DEFAULT_MODEL:
            st.page_link("card.py", label="How did it learn?", icon=":material/school:")
