"""What a person chooses on the page Why: methods, and how their maps are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from actviz_core.attribution import ABOUT, Method
from actviz_core.ui.choices import check_number, check_switches
from actviz_core.ui.shell.link_value import LinkValue

MOST = 6
"""How many maps stand beside the picture."""

DEFAULT = (Method.GRAD_CAM, Method.INTEGRATED_GRADIENTS, Method.OCCLUSION)
NONE = "none"
_POSSIBLE = f"It can be up to {MOST} of: {', '.join(Method)}."


def _read(texts: Sequence[str]) -> tuple[Method, ...] | None:
    if list(texts) == [NONE]:
        return ()
    if len(set(texts)) > MOST or any(text not in list(Method) for text in texts):
        return None
    return tuple(Method(text) for text in dict.fromkeys(texts))


METHODS = LinkValue("methods", _read, lambda methods: list(methods) or [NONE])


@dataclass(frozen=True)
class Look:
    """How maps are drawn: ``opacity`` over the picture, sizes alone, one range for all, the second check."""

    opacity: float
    absolute: bool
    one_range: bool
    against_random_weights: bool


def chosen_methods() -> tuple[Method, ...]:
    """Draw the methods as chips; those that are chosen, in the order in which they were."""
    chosen = METHODS.get(_POSSIBLE)
    chosen = DEFAULT if chosen is None else chosen
    st.session_state["methods_choice"] = list(chosen)
    st.pills(
        "Methods",
        list(Method),
        selection_mode="multi",
        key="methods_choice",
        format_func=lambda method: ABOUT[Method(method)].title,
        on_change=_choose_methods,
        label_visibility="collapsed",
    )
    if st.session_state.pop("methods_too_many", False):
        st.caption(f"Up to {MOST} maps stand side by side: take one away to see another.")
    return chosen


def _choose_methods() -> None:
    wanted = tuple(Method(method) for method in st.session_state["methods_choice"])
    if len(wanted) > MOST:
        st.session_state["methods_too_many"] = True
        return
    METHODS.choose(wanted)


def chosen_look() -> Look:
    """Draw the controls of how maps are drawn, within a tool bar."""
    check_switches("absolute", "one_range", "untrained")
    absolute = st.toggle(
        "Sizes only",
        key="absolute",
        bind="query-params",
        help="Off: red speaks for the class, blue against it. On: how much a place matters, either way.",
    )
    with st.popover("More"):
        check_number("why_opacity", 0, 1)
        opacity = st.slider(
            "Opacity", 0.0, 1.0, 0.7, 0.1, key="why_opacity", bind="query-params", format="percent"
        )
        one_range = st.toggle(
            "One range",
            key="one_range",
            bind="query-params",
            help="Off: every map has colours of its own. On: one scale for all, whatever their units.",
        )
        untrained = st.toggle(
            "Check with random weights",
            key="untrained",
            bind="query-params",
            help="Makes each map for the same network with random weights too. A map that hardly changes "
            "shows edges of the picture rather than what was learned.",
        )
    return Look(opacity, absolute, one_range, untrained)
