"""The title of the browser's tab: what the page shows, so that tabs and history can be told apart."""

import streamlit as st

from actviz_core.samples import Sample

APP = "Activation dashboard"


def name_tab(shown: str) -> None:
    """Call the tab by what it shows."""
    st.set_page_config(page_title=f"{shown}, {APP}")


def picture_name(sample: Sample) -> str:
    """What a picture is called in a title: its label, or its id where it has none."""
    return sample.label or sample.id
