"""Channels that are switched off or scaled: said on top of every page, and changed on Activations."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.errors import ActVizError, EditError, StillWorkingError
from actviz_core.figures import aligned_predictions
from actviz_core.hooks.walk import named_modules
from actviz_core.names import ChannelEdit, ModelKey
from actviz_core.names.edit import LARGEST
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.figure import draw
from actviz_core.ui.shell.view import View, choose_edits, current_view
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.shared import Workspace, shared_workspace

STEP = 0.25
_FACTOR = "edit_factor"
BARS_WIDTH = 420


def edits_sentence(edits: Sequence[ChannelEdit]) -> str:
    """What was changed: ``channel 5 of conv1 is switched off; channel 2 of layer1 counts 1.5 times``."""
    parts = [
        f"channel {edit.channel} of {edit.layer} "
        + ("is switched off" if edit.factor == 0 else f"counts {edit.factor:g} times")
        for edit in edits
    ]
    return "; ".join(parts)


def tell_edits(view: View) -> None:
    """Say, above every page, how the network in hand was changed, with a way back."""
    if not view.edits:
        return
    edits = [ChannelEdit.parse(text) for text in view.edits]
    with st.container(horizontal=True, vertical_alignment="center", key="edits_made"):
        words = f"This network was changed: {edits_sentence(edits)}. All pages show it so."
        st.markdown(f":material/content_cut: {plain(words)}", width="content")
        if len(edits) > 1:
            st.button("Undo the last", key="undo_edit", on_click=choose_edits, args=(view.edits[:-1],))
        st.button(
            "Undo" if len(edits) == 1 else "Undo all",
            icon=":material/undo:",
            key="undo_edits",
            on_click=choose_edits,
            args=((),),
        )


def edit_channel(layer: SelectedLayer, channel: int) -> None:
    """Draw the factor of a channel, and the prediction before and after all that was changed."""
    if layer.is_step:
        st.caption("Steps between layers cannot be switched off here.")
        return
    name = _layer_of(layer)
    workspace, view = shared_workspace(), current_view()
    if name is None or view.model_key is None:
        return
    base = workspace.model(ModelKey.parse(layer.model.key).unedited)
    try:
        workspace.edited.check(base, ChannelEdit(name, channel, 0.0))
    except EditError as error:
        st.caption(plain(str(error)))
        return
    st.markdown("**What if this channel were changed?**")
    made = {edit[:2]: edit[2] for edit in map(_parts, view.edits)}
    st.session_state[_FACTOR] = made.get((name, channel), 1.0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.slider(
            "Times",
            0.0,
            LARGEST,
            step=STEP,
            key=_FACTOR,
            on_change=lambda: _set(name, channel, st.session_state[_FACTOR]),
            help="What the layer returns in this channel is multiplied by it before the network goes on. "
            "0 switches the channel off.",
        )
        off = made.get((name, channel)) == 0
        st.button(
            "Switch on" if off else "Switch off",
            icon=":material/power_settings_new:",
            key="switch_channel",
            on_click=_set,
            args=(name, channel, 1.0 if off else 0.0),
        )
    if view.edits:
        _before_and_after(layer, base.key, workspace)


def _before_and_after(layer: SelectedLayer, base: str, workspace: Workspace) -> None:
    before = workspace.prediction(workspace.model(base), layer.sample, k=None)
    after = workspace.prediction(layer.model, layer.sample, k=None)
    draw(
        aligned_predictions([before, after], ["before", "after"], width=BARS_WIDTH),
        key="edit_predictions",
        alt="The most probable classes before and after the change",
    )
    if before.problem is None and after.problem is None:
        name, share = before.labels[0], before.probabilities[0]
        now = dict(zip(after.indices, after.probabilities, strict=True))[before.indices[0]]
        said = f"With all changes, {name} goes from {percent(share, 1)} to {percent(now, 1)}"
        other = "" if after.indices[0] == before.indices[0] else f"; the network now says {after.labels[0]}"
        if after.tied > 1:
            other = f"; the network is undecided then, {after.tied:,} classes tie"
        st.caption(plain(f"{said}{other}."))


def _set(layer: str, channel: int, factor: float) -> None:
    """Scale a channel from now on, or leave it as it is with a factor of 1."""
    edits = [text for text in current_view().edits if _parts(text)[:2] != (layer, channel)]
    choose_edits((*edits, *([] if factor == 1 else [str(ChannelEdit(layer, channel, factor))])))


def _parts(text: str) -> tuple[str, int, float]:
    edit = ChannelEdit.parse(text)
    return edit.layer, edit.channel, edit.factor


def _layer_of(layer: SelectedLayer) -> str | None:
    """The layer whose call is in hand; an edit is made of all its calls."""
    try:
        owner = shared_workspace().owners(layer.model, [layer.call]).get(layer.call)
    except StillWorkingError:
        raise
    except ActVizError:
        return None
    return owner if owner in {name for name, _ in named_modules(layer.model.module)} else None
