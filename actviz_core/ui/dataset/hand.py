"""The run that the page Data set shows, with the network and the pictures that it is of."""

import math
from dataclasses import dataclass

import streamlit as st

from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.sweep import Run
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.text import option_text
from actviz_core.workspace.shared import Workspace

LAYER = LinkValue[str]("layer", lambda texts: texts[-1], lambda layer: [layer])
"""Which of the run's calls is looked at: the same on all of the page's views."""


@dataclass(frozen=True, eq=False)
class RunInHand:
    """What all views of the page are given.

    Attributes:
        run: the finished run.
        model: its network; None where it cannot be had here now.
        source: its pictures; None where they are gone, or are not the ones any more that were swept.
        workspace: what everybody on this server shares.

    """

    run: Run
    model: Model | None
    source: Source | None
    workspace: Workspace


def choose_layer(hand: RunInHand) -> str:
    """Draw the choice of one of the run's calls.

    Unless a link names one, it is the last one with maps, or else the last one.
    """
    offered = list(hand.run.calls)
    chosen = LAYER.get(f"It can be: {', '.join(offered[:12])}.")
    if chosen is not None and chosen not in offered:
        LAYER.warn(chosen, f"It can be: {', '.join(offered[:12])}.")
        chosen = None
    if chosen is None:
        chosen = next((call for call in reversed(offered) if _has_maps(hand, call)), offered[-1])
    st.session_state["dataset_layer"] = chosen
    st.selectbox(
        "Layer",
        offered,
        key="dataset_layer",
        format_func=option_text,
        on_change=lambda: LAYER.choose(st.session_state["dataset_layer"]),
        width=320,
    )
    return chosen


def _has_maps(hand: RunInHand, call: str) -> bool:
    """Whether a channel of this call has more than one value a picture."""
    plan = hand.run.plan(call)
    return math.prod(plan.shape) > plan.channels
