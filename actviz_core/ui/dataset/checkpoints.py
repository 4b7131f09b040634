"""All checkpoints of the bundled network beside its last one: how its layers came to be what they are."""

import streamlit as st

from actviz_core.analysis.likeness_sentence import learning_sentence, same_layers
from actviz_core.models.bundled import BundledResNet20
from actviz_core.ui.board_names import weights_text
from actviz_core.ui.dataset.comparing import (
    FEWEST_PICTURES,
    compared,
    draw_compared,
    pictures_of_both,
    tell_beside,
)
from actviz_core.ui.dataset.hand import RunInHand
from actviz_core.ui.text import plain

_NETWORK = BundledResNet20()


def has_checkpoints(hand: RunInHand) -> bool:
    """Whether the run is of the bundled network, which has several checkpoints."""
    return hand.run.manifest.model in checkpoint_keys()


def checkpoint_keys() -> tuple[str, ...]:
    """The model keys of the bundled checkpoints, in training order."""
    return tuple(_NETWORK.key(weights) for weights in _NETWORK.weights_names())


def show_checkpoints(hand: RunInHand, help_text: str) -> None:
    """Draw the layers of every checkpoint that was swept against those of the last one."""
    runs = {key: _run_of(key, hand) for key in checkpoint_keys()}
    missing = [key for key, run in runs.items() if run is None]
    if missing:
        _offer(hand, missing)
    there = {key: run for key, run in runs.items() if run is not None}
    last = checkpoint_keys()[-1]
    if last not in there or len(there) < 2:
        return
    reference = there[last]
    if any(pictures_of_both(run, reference) < FEWEST_PICTURES for run in there.values()):
        st.info("It takes two pictures or more to compare layers.", icon=":material/image_not_supported:")
        return
    found = [compared(run, reference, hand.workspace, key=f"alike_{key}") for key, run in there.items()]
    shown = [one for one in found if one is not None]
    if len(shown) < len(found):
        return
    names = [weights_text(key, hand.workspace) for key in there]
    same = {
        name: same_layers(one.found, one.first.calls, one.second.calls)
        for name, one in zip(names, shown, strict=True)
        if not one.is_one
    }
    said = learning_sentence(same, names[-1])
    st.markdown(f"**{plain(said)}**", help=help_text)
    tell_beside(shown)
    titles = [
        f"{name} with itself" if one.is_one else f"{name} (rows) with {names[-1]} (columns)"
        for name, one in zip(names, shown, strict=True)
    ]
    alt = f"How alike the layers of each checkpoint are to those of {names[-1]}, from 0 to 1. {said}"
    draw_compared(shown, titles, hand.workspace, key="dataset_checkpoints", alt=alt)
