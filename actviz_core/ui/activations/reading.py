"""How an activation's axes are read: what the network's structure says, or what a person chose instead."""

from dataclasses import replace

import streamlit as st
from torch import Tensor

from actviz_core.layouts.layout import Layout, LayoutKind
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.text import plain
from actviz_core.wording.readings import reading_sentence

AUTO = "auto"
_KEY = "reading"
_HELP = (
    "Which axis of the values holds the channels, and which the places in the picture. "
    "Auto is what the network's structure says."
)


def chosen_reading(layout: Layout) -> Layout:
    """The reading that was chosen or that the link names; the layout itself if it has no such reading."""
    name = st.session_state.get(_KEY, st.query_params.get(_KEY))
    return layout.reading(str(name)) or layout


def choose_reading(layout: Layout) -> None:
    """Draw the choice of a reading, where the shape admits more than one."""
    names = [AUTO, *layout.readings]
    if st.session_state.get(_KEY, AUTO) not in names:
        st.session_state[_KEY] = AUTO
    linked_selectbox("Read as", names, key=_KEY, help=_HELP)


def forget_reading() -> None:
    """Read the next layer as its network says: a choice is meant for one layer."""
    st.session_state[_KEY] = AUTO


def tell_own_reading(layout: Layout, shape: tuple[int, ...]) -> None:
    """Say which reading a panel has where it isn't the plain one: the network's own, whatever was chosen."""
    if not _is_plain(layout):
        guess = "" if layout.certain else " That is a guess."
        st.caption(plain(reading_sentence(replace(layout, certain=True), shape) + guess))


def tell_reading(layout: Layout, shape: tuple[int, ...]) -> None:
    """Say which reading was used, where it isn't the plain one."""
    if not _is_plain(layout):
        st.caption(plain(reading_sentence(layout, shape)))


def tell_magnitudes(value: Tensor) -> None:
    """Say of complex values that what is drawn are their magnitudes."""
    if value.is_complex():
        st.caption("The values are complex numbers. Drawn and counted here are their magnitudes.")


def _is_plain(layout: Layout) -> bool:
    return layout.certain and layout.kind in (LayoutKind.MAPS, LayoutKind.VECTOR)
