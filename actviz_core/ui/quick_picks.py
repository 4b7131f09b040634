"""Quick picks: common choices of layers in one click."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.analysis import all_convolutions, first_and_last_stage, first_of_each_stage
from actviz_core.hooks import ModuleRow
from actviz_core.ui.shell.view import choose_layers


def quick_picks(rows: Sequence[ModuleRow]) -> None:
    """Draw one button a quick pick."""
    picks = {
        "First of each stage": (first_of_each_stage(rows), "From early to late: one layer of every stage."),
        "The article's two": (
            first_and_last_stage(rows),
            "An early and a late convolution: the first ones of the first and of the last stage.",
        ),
        "All convolutions": (all_convolutions(rows), "Every layer that looks for patterns."),
    }
    with st.container(horizontal=True):
        for label, (layers, words) in picks.items():
            st.button(label, on_click=choose_layers, args=(layers,), help=words, disabled=not layers)
        st.button("None", on_click=choose_layers, args=((),), type="tertiary")
