"""The Activations page: which layer, which form, and the columns beside the grid."""

import numpy as np
import streamlit as st

from actviz_core.errors import ShapeError
from actviz_core.layouts.layout import LayoutKind
from actviz_core.models import Model
from actviz_core.names import CallName
from actviz_core.samples import Sample
from actviz_core.ui.activations.attention_view import attention_view
from actviz_core.ui.activations.channel_views import grid_column
from actviz_core.ui.activations.layer_files import take_layer_away
from actviz_core.ui.activations.layer_side import side_column
from actviz_core.ui.activations.reading import chosen_reading, forget_reading, tell_magnitudes
from actviz_core.ui.activations.selected_layer import LAYER_PLACE, SelectedLayer
from actviz_core.ui.activations.values_choice import choose_followed, choose_values, followed_value
from actviz_core.ui.activations.vectors import prefix_view, vector_view
from actviz_core.ui.choices import check_link
from actviz_core.ui.place import choose_place, chosen_place
from actviz_core.ui.quick_picks import quick_picks
from actviz_core.ui.shell.tab_title import name_tab
from actviz_core.ui.shell.view import View
from actviz_core.ui.text import option_text, plain, shape_text
from actviz_core.workspace.activations import ROOT, to_numpy
from actviz_core.workspace.shared import Workspace


def show_activations(model: Model, sample: Sample, view: View, workspace: Workspace) -> None:
    """Draw one chosen layer's activation in the form that fits it."""
    if not view.layers:
        st.info("No layer is chosen. Start with one of these, or pick your own.", icon=":material/checklist:")
        quick_picks(workspace.tree(model))
        st.page_link("layers.py", label="All layers", icon=":material/account_tree:")
        return
    activations = workspace.activations(model, sample, [*view.layers])
    asked = (CallName.asked(call, view.layers) for call in activations)
    ran = {name.layer for name in asked if name is not None}
    for layer in view.layers:
        if layer not in ran and layer not in activations:
            st.warning(plain(workspace.why_nothing(model, layer)), icon=":material/block:")
    if not activations:
        return
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        call = _choose_call(list(activations))
        with st.container(horizontal=True, width="content"):
            chosen = choose_followed(choose_values(), model, sample, workspace)
            files = st.container(width="content")  # filled below, when there is something to take away
    name_tab(f"{call} of {sample.title}")
    value, followed = activations[call], chosen.followed
    if chosen.problem:
        st.info(plain(chosen.problem), icon=":material/block:")
        return
    if followed is not None:
        found = followed_value(followed, call, value, view.layers, model, sample, workspace)
        if isinstance(found, str):
            st.info(plain(found), icon=":material/block:")
            return
        value = found
    decided = workspace.layout(model, call, value)
    try:
        shown = SelectedLayer.of(call, value, chosen_reading(decided), model, sample, followed)
    except ShapeError as error:
        st.info(plain(f"{call} cannot be drawn. {error}"), icon=":material/hide_image:")
        st.caption(f"Its values: {value.dtype}, {shape_text(tuple(value.shape))}.")
        return
    tell_magnitudes(value)
    if shown.layout.kind in (LayoutKind.VECTOR, LayoutKind.SEQUENCE):
        figure = vector_view(shown, decided, is_output=_is_output(shown, workspace))
    else:
        place = chosen_place(LAYER_PLACE, (shown.maps.shape[1], shown.maps.shape[2]))
        page = st.grid(3, min_column_width=260, gap="medium")
        with page.cell(column_span=2):
            figure = grid_column(shown, decided, place)
            prefix_view(shown)
        with page.cell():
            side_column(shown, place, workspace)
    attention_view(shown, workspace)
    if figure is not None:
        with files:
            take_layer_away(figure, shown)


def _choose_call(calls: list[str]) -> str:
    check_link("activations_layer", [option_text(call) for call in calls])
    call = st.segmented_control(
        "Layer",
        calls,
        default=calls[0],
        required=True,
        key="activations_layer",
        format_func=option_text,
        label_visibility="collapsed",
        bind="query-params",
        on_change=_forget_choices,
    )
    return call or calls[0]


def _forget_choices() -> None:
    """Let go of what was chosen for one layer: a reading, a place in its maps."""
    forget_reading()
    choose_place(LAYER_PLACE, None)


def _is_output(layer: SelectedLayer, workspace: Workspace) -> bool:
    """Whether a layer's values are the network's answer, so that they have the classes' names."""
    answers = workspace.calls(layer.model, layer.sample, [ROOT])[ROOT].values
    return any(
        (answer.shape, answer.dtype) == (layer.value.shape, layer.value.dtype)
        and np.array_equal(to_numpy(answer), to_numpy(layer.value))
        for answer in answers
    )
