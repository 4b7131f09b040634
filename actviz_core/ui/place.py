"""The chosen place, ``row,column`` of a cell, in the session and in the link."""

import re

import streamlit as st

from actviz_core.ui.choices import remember_warning, repeat_warnings
from actviz_core.ui.shell import link_memory
from actviz_core.ui.text import shorten

Place = tuple[int, int]

_PARAMETER = "place"
_CELL = re.compile(r"(\d{1,9}),(\d{1,9})")


def chosen_place(owner: str, shape: tuple[int, int]) -> Place | None:
    """The place in a map of so many rows and columns; one that a link names wins, or is warned of.

    ``owner`` is what the place belongs to: every page keeps its own.
    """
    key = f"place_{owner}"
    repeat_warnings(_PARAMETER)
    link = st.query_params.get(_PARAMETER)
    if link is None and link_memory.went_back():
        st.session_state[key] = None
    elif link is not None and link_memory.wins(_PARAMETER, link):
        place = _read(link)
        if place is None or not _inside(place, shape):
            last = f"{shape[0] - 1},{shape[1] - 1}"
            remember_warning(
                _PARAMETER,
                f"The link's place={shorten(link, 60)} is not possible here. "
                f"It can be a row and a column, from 0,0 to {last}.",
            )
            repeat_warnings(_PARAMETER)
            place = None
        st.session_state[key] = place
    chosen: Place | None = st.session_state.get(key)
    if chosen is not None and not _inside(chosen, shape):
        chosen = st.session_state[key] = None  # of a layer of another size
    _write(chosen)
    return chosen


def choose_place(owner: str, place: Place | None) -> None:
    """Mark another place from now on, or none."""
    st.session_state[f"place_{owner}"] = place
    _write(place)


def _read(text: str) -> Place | None:
    found = _CELL.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def _inside(place: Place, shape: tuple[int, int]) -> bool:
    return place[0] < shape[0] and place[1] < shape[1]


def _write(place: Place | None) -> None:
    text = None if place is None else f"{place[0]},{place[1]}"
    if text is None:
        if _PARAMETER in st.query_params:
            del st.query_params[_PARAMETER]
    elif st.query_params.get(_PARAMETER) != text:
        st.query_params[_PARAMETER] = text
    link_memory.remember(_PARAMETER, text)
