"""The title of the browser's tab: what the page shows, so that tabs and history can be told apart."""

import streamlit as st

APP = "Activation dashboard"


def name_tab(shown: str) -> None:
    """Call the tab by what it shows."""
    st.set_page_config(page_title=f"{shown}, {APP}")
