"""Who is right when link and session differ: the link, unless it is the one that the session has just left.

A browser sends its address with every request. One that leaves it before the answer to the last click has
arrived still carries the address from before that click. Taking it for a wish would undo the click.
"""

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def wins(part: str, link: Any) -> bool:
    """Whether this part of the address is news, which the session has to follow.

    Opening a link, going back or forward, and going to another page always are.
    """
    state = st.session_state
    if link == state.get(_written(part)):
        return False
    page, before = state.get(_left(part), (None, None))
    context = get_script_run_ctx()
    if context is None or context.is_history_navigation or page != context.page_script_hash:
        return True
    return bool(link != before)


def went_back() -> bool:
    """Whether a person went back or forward in the history: then what the link lacks is not chosen."""
    context = get_script_run_ctx()
    return context is not None and bool(context.is_history_navigation)


def remember(part: str, link: Any) -> None:
    """Keep what this part of the address is from now on, and what it was until now."""
    state = st.session_state
    context = get_script_run_ctx()
    if _written(part) in state and state[_written(part)] != link and context is not None:
        state[_left(part)] = (context.page_script_hash, state[_written(part)])
    state[_written(part)] = link


def _written(part: str) -> str:
    return f"{part}_link"


def _left(part: str) -> str:
    return f"{part}_link_left_on"
