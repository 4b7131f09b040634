"""The view *Are two layers, two checkpoints, two networks alike*."""

from collections.abc import Mapping

import streamlit as st

from actviz_core.errors import SweepError
from actviz_core.sweep import KeptRun, Run
from actviz_core.ui.channel.card import begin_waiting
from actviz_core.ui.dataset.checkpoints import has_checkpoints, show_checkpoints
from actviz_core.ui.dataset.comparing import (
    FEWEST_PICTURES,
    Compared,
    compared,
    draw_compared,
    pictures_of_both,
    run_names,
    tell_beside,
)
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.ui.text import plain, shorten
from actviz_core.wording.likeness import likeness_of_two_sentence, likeness_sentence

ITSELF = "itself"
CHECKPOINTS = "checkpoints"

WITH = LinkValue[str]("with", lambda texts: texts[-1] or None, lambda other: [other])
"""The run that this one is compared with; none chosen stands for itself."""

HELP = (
    "Linear CKA (Kornblith et al. 2019): whether two layers find the same pictures like each other. Compared "
    "are the channels' means over the map, so that it does not count where in a picture a channel answers. "
    "1: alike, up to a rotation of the channels and one factor for all of them; 0: unrelated."
)


def show_alike(hand: RunInHand) -> None:
    """Draw the view."""
    others = {
        kept.id: kept
        for kept in hand.workspace.sweeps.runs()
        if kept.finished
        and kept.manifest.source_fingerprint == hand.run.manifest.source_fingerprint
        and kept.id != hand.run.id
    }
    chosen = _choose(hand, others)
    begin_waiting()
    if chosen == CHECKPOINTS:
        show_checkpoints(hand, HELP)
        return
    try:
        other = hand.run if chosen == ITSELF else hand.workspace.sweeps.open(chosen)
        _show(hand, other)
    except (SweepError, OSError):
        st.warning("This run was deleted just now. Choose another one.", icon=":material/delete:")


def _show(hand: RunInHand, other: Run) -> None:
    run = hand.run
    if pictures_of_both(run, other) < FEWEST_PICTURES:
        st.info("It takes two pictures or more to compare layers.", icon=":material/image_not_supported:")
        return
    if other.id == run.id and len(run.calls) < 2:
        st.info(
            "This run has one layer only. Compare it with another run, or sweep more layers.",
            icon=":material/layers:",
        )
        return
    shown = compared(run, other, hand.workspace, key="alike")
    if shown is None:
        return
    said = _sentence(shown, hand)
    st.markdown(f"**{plain(said)}**", help=HELP)
    tell_beside([shown])
    pictures = f"{shown.found.pictures:,} pictures"
    whose = "all layers of this run" if shown.is_one else "the layers of this run with those of another"
    alt = f"How alike {whose} are over {pictures}, from 0 to 1. {said}"
    draw_compared([shown], [""], hand.workspace, key="dataset_alike", alt=alt)
    if not shown.is_one:
        first, second = run_names((run, other), hand.workspace)
        st.caption(plain(f"Rows: {first}. Columns: {second}. Over {pictures} that were swept in both."))


def _sentence(shown: Compared, hand: RunInHand) -> str:
    if shown.is_one:
        return likeness_sentence(shown.found, shown.first.calls)
    first, second = run_names((shown.first, shown.second), hand.workspace)
    return likeness_of_two_sentence(shown.found, shown.first.calls, shown.second.calls, (first, second))


def _choose(hand: RunInHand, others: Mapping[str, KeptRun]) -> str:
    """Draw the choice of what to compare with: the run itself unless a link names another one."""
    offered = {ITSELF: "its own layers"}
    if has_checkpoints(hand):
        offered[CHECKPOINTS] = "all checkpoints with the last one"
    offered |= {run: _title(kept) for run, kept in others.items()}
    possible = "It can be a finished run of the same pictures" + (
        f": {', '.join(others)}." if others else ", of which there is none."
    )
    if has_checkpoints(hand):
        possible += f" Or {CHECKPOINTS}."
    asked = WITH.get(possible)
    if asked is not None and asked not in offered:
        WITH.choose(None)
        WITH.warn(shorten(asked, 60), possible)
        asked = None
    chosen = asked or ITSELF
    st.session_state["dataset_with"] = chosen
    st.selectbox(
        "Compare with",
        list(offered),
        key="dataset_with",
        format_func=lambda other: offered.get(other, other),
        on_change=_chosen,
        help="Its own layers, or those of another run over the same pictures: other weights, or networks.",
        width=380,
    )
    return chosen


def _title(kept: KeptRun) -> str:
    layers = len(kept.manifest.calls)
    return f"{kept.manifest.model}, {layers} layer{'' if layers == 1 else 's'} ({kept.id[:6]})"


def _chosen() -> None:
    chosen = str(st.session_state["dataset_with"])
    WITH.choose(None if chosen == ITSELF else chosen)
