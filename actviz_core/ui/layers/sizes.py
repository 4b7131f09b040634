"""The whole network at a glance, on Layers: how large activations and gradients are for this picture."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.analysis.layer_sizes import LayerSizes, size_sentences
from actviz_core.errors import ActVizError, BudgetError, StillWorkingError
from actviz_core.figures.layer_sizes import layer_sizes_figure
from actviz_core.hooks.walk import named_modules
from actviz_core.models import Model
from actviz_core.names import CallName
from actviz_core.samples import Sample
from actviz_core.ui.class_choice import chosen_classes
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.shell.view import View, choose_layers
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

HELP = (
    "The root of the mean square of all values of a layer, on a logarithmic scale: what it returned for this "
    "picture, and the gradient of the class there. Click a point to choose its layer, or to leave it out."
)


def show_layer_sizes(model: Model, sample: Sample, view: View, workspace: Workspace) -> None:
    """Draw the figure below what it says; a click chooses a layer, or no longer."""
    try:
        sizes, name, note = _sizes(model, sample, workspace)
    except StillWorkingError:
        raise
    except ActVizError as error:
        st.caption(plain(f"Sizes of activations cannot be shown. {error}"))
        return
    if not sizes.calls:
        return
    st.markdown(plain(" ".join([*size_sentences(sizes, name), note])), help=HELP)
    draw_clickable(
        layer_sizes_figure(
            sizes.calls, sizes.activations, sizes.gradients, chosen=_chosen(sizes.calls, view, model)
        ),
        key="layers_sizes",
        alt="The size of activations"
        + (f" and of the gradients of {name}" if name else "")
        + " in each layer",
        clicked=lambda click: _toggle(click, model, view, workspace),
    )


def _chosen(calls: Sequence[str], view: View, model: Model) -> set[str]:
    """The calls that are chosen, by their own names or those of their layers or steps."""
    layers = {name for name, _ in named_modules(model.module)}
    names = {call: CallName.made(call, layers) for call in calls}
    return {
        call for call, name in names.items() if call in view.layers or (name and name.owner in view.layers)
    }


def _sizes(model: Model, sample: Sample, workspace: Workspace) -> tuple[LayerSizes, str | None, str]:
    """The sizes, the name of the class whose gradients they are, and what has to be said beside them."""
    prediction = workspace.prediction(model, sample, k=None)
    if prediction.problem is not None:
        return (
            workspace.following.layer_sizes(model, sample, None),
            None,
            f"{prediction.problem} So no gradients are shown.",
        )
    classes = chosen_classes(prediction)
    try:
        sizes = workspace.following.layer_sizes(model, sample, classes.chosen)
    except BudgetError:
        note = "The gradients of all layers at once need more memory than this server has for them."
        return workspace.following.layer_sizes(model, sample, None), None, note
    return sizes, classes.name, f"Gradients are those of {classes.name}."


def _toggle(click: Click, model: Model, view: View, workspace: Workspace) -> None:
    call = str(click.item)
    layer = workspace.owners(model, [call]).get(call, call)
    kept = tuple(name for name in view.layers if name not in (layer, call))
    choose_layers(kept if len(kept) < len(view.layers) else (*view.layers, layer))
