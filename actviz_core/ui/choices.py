"""Widgets whose value is part of the link, and that say when a link asks for a value they don't have."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from actviz_core.ui.shell.content_width import only_width_changed
from actviz_core.ui.text import plain, shorten

Option = TypeVar("Option")
_WARNINGS = "link_warnings"
_KEPT = "link_warnings_kept"
SOME = 12  # values that a message lists
LARGEST = 2**53 - 1  # the largest whole number that browsers can tell from its neighbours


def check_links_anew() -> None:
    """Let what links asked for in vain be forgotten once the person acts. Call at the start of each run."""
    if not (only_width_changed() or st.session_state.pop(_KEPT, False)):
        st.session_state[_WARNINGS] = {}


def keep_warnings() -> None:
    """Let the next run show them again: it comes because work is done, not because a person acted."""
    st.session_state[_KEPT] = True


def remember_warning(key: str, text: str) -> None:
    """Keep a message about the link's ``key``, which `repeat_warnings` shows."""
    st.session_state.setdefault(_WARNINGS, {}).setdefault(key, []).append(text)


def repeat_warnings(key: str) -> bool:
    """Show the messages about the link's ``key``; False if there are none."""
    texts = st.session_state.get(_WARNINGS, {}).get(key, [])
    for text in texts:
        st.warning(plain(text), icon=":material/link_off:")
    return bool(texts)


def check_link(key: str, allowed: Sequence[str]) -> None:
    """Warn when the link gives ``key`` a value that is not among the allowed ones. Call before the widget."""
    given = st.query_params.get(key)
    if repeat_warnings(key):
        return
    if key not in st.session_state and given is not None and given not in allowed:
        some = ", ".join(allowed if len(allowed) <= SOME else [*allowed[: SOME - 2], "...", allowed[-1]])
        _warn(key, given, f"It can be: {some}.")


def check_switches(*keys: str) -> None:
    """Warn when the link gives a switch anything but on or off. Call before a popover that hides it."""
    for key in keys:
        check_link(key, ["true", "false"])


def check_number(key: str, low: float, high: float) -> bool:
    """Warn when the link gives ``key`` something else than a number in its range.

    False where the widget must not read the link in this run: infinity and numbers beyond all bounds.
    """
    given = st.query_params.get(key)
    number = _number(given)
    told = repeat_warnings(key) or key in st.session_state
    if given is not None and not told and not low <= number <= high:
        _warn(key, given, f"It can be a number from {low:.16g} to {high:.16g}.")
    if math.isnan(number) or abs(number) <= LARGEST:
        return True
    del st.query_params[key]
    return False


def _number(given: str | None) -> float:
    """The number that a link gives; not a number where it gives none."""
    try:
        return math.nan if given is None else float(given)
    except ValueError:
        return math.nan


def _warn(key: str, given: str, possible: str) -> None:
    remember_warning(key, f"The link's {key}={shorten(given, 60)} is not possible here. {possible}")
    repeat_warnings(key)


def linked_selectbox(
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    format_func: Callable[[Any], str] = str,
    **more: Any,
) -> Option:
    """A select box that always has a value; the link carries the value's text."""
    check_link(key, [format_func(option) for option in options])
    chosen: Option | None = st.selectbox(
        label, options, key=key, format_func=format_func, bind="query-params", **more
    )
    return options[0] if chosen is None else chosen
