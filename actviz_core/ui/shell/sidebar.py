"""The sidebar: what a person is looking at, and how to change it."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import streamlit as st

from actviz_core.errors import ActVizError, BudgetError, StillWorkingError
from actviz_core.models import Model, ModelInfo, list_models, list_weights
from actviz_core.names import ModelKey
from actviz_core.samples import Sample
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.answers import tell_answer
from actviz_core.ui.shell.copy_link import copy_link_button
from actviz_core.ui.shell.defaults import DEFAULT_MODEL
from actviz_core.ui.shell.tray import tray_choice
from actviz_core.ui.shell.view import View, choose_layers, choose_model, model_of, names_offered, sample_of
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.shared import Workspace

Found = TypeVar("Found", Model, Sample)

WEIGHTS_HELP = f"{meaning(Term.WEIGHTS)} Compare with them to see what learning changed."
LAYERS_HELP = f"{meaning(Term.LAYER)} Pick the ones you want to look at."


def draw_sidebar(view: View, workspace: Workspace) -> None:
    """Draw the picture, its prediction, and the choice of network and layers."""
    with st.sidebar:
        sample, model = _or_none(sample_of, view, workspace), _or_none(model_of, view, workspace)
        _picture(sample, model, view, workspace)
        tray_choice(view, workspace)
        _model_choice(view, workspace)
        if model is not None and model.note:
            st.caption(plain(model.note))
        _layer_choice(view, model, workspace)
        with st.container(horizontal=True):
            copy_link_button()
            st.page_link("about.py", label="About this server", icon=":material/info:")


def _picture(sample: Sample | None, model: Model | None, view: View, workspace: Workspace) -> None:
    picture, words = st.columns([2, 3], vertical_alignment="center")
    if sample is None:
        words.markdown("No picture chosen.")
    else:
        picture.container(key="picture_in_hand").image(
            sample.image, width="stretch", alt=f"The picture in hand: {sample.title}, {sample.id}"
        )
        with words:
            st.markdown(f"**{plain(sample.title)}**")
            st.caption(plain(sample.id))
            if model is not None:
                _prediction(model, sample, view, workspace)
    words.page_link("samples.py", label="Change", icon=":material/photo_library:", help="Browse pictures")


def _prediction(model: Model, sample: Sample, view: View, workspace: Workspace) -> None:
    try:
        with suppress(BudgetError):  # the network has its answer all the same; the page tells
            workspace.prepare(model, sample, view.layers)
        best = workspace.prediction(model, sample, k=1)
    except StillWorkingError:
        st.markdown("The network has not answered yet.")
    except ActVizError:
        st.markdown("The network gave no answer.")
    else:
        tell_answer(best, model, sample)


def _model_choice(view: View, workspace: Workspace) -> None:
    models = {info.name: info for info in list_models(workspace.settings)}
    name = ModelKey.parse(view.model_key).network if view.model_key else None
    st.session_state["model_name"] = name
    st.selectbox(
        "Model",
        list(models),
        index=None if name is None else 0,
        key="model_name",
        format_func=lambda name: _with_family(models[name]) if name in models else name,
        on_change=_model_name_changed,
        help="The network to look into. Type a part of its name or family to find it.",
        placeholder="Choose a model",
    )
    if name is None:
        return
    weights = {info.key: info for info in list_weights(name, workspace.settings)}
    st.session_state["model_weights"] = view.model_key
    st.selectbox(
        "Weights",
        list(weights),
        key="model_weights",
        format_func=lambda key: weights[key].title if key in weights else key,
        on_change=_weights_changed,
        help=WEIGHTS_HELP,
    )
    st.page_link("weights.py", label="Upload own weights", icon=":material/upload_file:")
    if name == DEFAULT_MODEL:
        info = weights.get(view.model_key or "")
        of_what = (
            f"What {percent(info.accuracy, 1)} means" if info and info.accuracy is not None else "Model card"
        )
        st.page_link("card.py", label=of_what, icon=":material/fact_check:")


def _with_family(info: ModelInfo) -> str:
    """Write the name with its family, so that a search for either finds it."""
    return f"{info.name} ({info.family})"


def _model_name_changed() -> None:
    if st.session_state["model_name"]:
        choose_model(st.session_state["model_name"])


def _weights_changed() -> None:
    choose_model(st.session_state["model_weights"])


def _layer_choice(view: View, model: Model | None, workspace: Workspace) -> None:
    names = [] if model is None else names_offered(view, model, workspace)
    options = list(dict.fromkeys([*names, *view.layers]))  # call names of a link, such as relu#2, too
    st.session_state["chosen_layers"] = list(view.layers)
    st.multiselect(
        "Layers",
        options,
        key="chosen_layers",
        on_change=lambda: choose_layers(tuple(st.session_state["chosen_layers"])),
        help=LAYERS_HELP,
        placeholder="Add a layer",
    )


def _or_none(
    get: Callable[[View, Workspace], Found | None], view: View, workspace: Workspace
) -> Found | None:
    """Leave the message to the page, which meets the same error."""
    try:
        return get(view, workspace)
    except ActVizError:
        return None
