"""Layers without maps: bars, rows of cells, sequences, and the tokens beside the patches."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from actviz_core.analysis import class_names
from actviz_core.figures import Colors, channel_map, vector_figure
from actviz_core.layouts.layout import Layout, LayoutKind
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.activations.layer_side import channel_of_vector, draw_histogram
from actviz_core.ui.activations.reading import choose_reading, tell_reading
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.figure import draw
from actviz_core.ui.text import plain, shape_text

VECTOR_WIDTH = 760  # pixels of the figure in a window of 1440


def vector_view(layer: SelectedLayer, decided: Layout, *, is_output: bool) -> go.Figure:
    """Draw an activation that is no set of maps in the form that fits; returns the figure.

    ``decided`` is the layout without a person's choice of a reading.
    """
    page = st.grid(3, min_column_width=260, gap="medium")
    with page.cell(column_span=2):
        with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_vector"):
            colors = linked_selectbox("Colours", list(Colors), key="colours", format_func=str, width=220)
            if decided.alternatives:
                with st.popover("More"):
                    choose_reading(decided)
        names = class_names(layer.model.classes, len(layer.maps)) if is_output else None
        st.markdown(plain(layer.sentence(names)))
        tell_reading(layer.layout, layer.shape)
        figure = _figure(layer, colors, names)
    with page.cell():
        st.caption(
            f"**{plain(layer.call)}** {plain(layer.type_name)}, {shape_text(layer.shape)}. "
            f"{plain(layer.note)}"
        )
        if is_output:
            st.caption("These are the network's answers: one value a class, the highest one wins.")
        if layer.layout.kind is LayoutKind.VECTOR:
            channel_of_vector(layer)
        draw_histogram(layer.maps, "Histogram of all values of the layer")
    return figure


def prefix_view(layer: SelectedLayer) -> None:
    """Draw the class and register tokens, one at a time, below the maps that they are not part of."""
    if not layer.prefix:
        return
    st.subheader("Beside the patches")
    st.caption(
        "Tokens that belong to no place in the picture. "
        "The class token is what the answer is read from, where there is one."
    )
    name = layer.prefix[0]
    if len(layer.prefix) > 1:
        name = linked_selectbox("Token", layer.prefix, key="token", width=220)
    values = layer.prefix_values[layer.prefix.index(name)]
    colors = Colors(st.session_state.get("colours") or Colors.AUTO)
    draw(
        vector_figure(values, colors=colors),
        key="activations_tokens",
        alt=f"The {len(values)} channels of the {name} of {layer.call}",
    )
    finite = values[np.isfinite(values)]
    if finite.size:
        st.caption(
            f"{name.capitalize()}: {len(values):,} channels from {finite.min():.4g} to {finite.max():.4g}."
        )


def _figure(layer: SelectedLayer, colors: Colors, names: Sequence[str] | None) -> go.Figure:
    alt = f"The {layer.maps.size:,} values of {layer.call}"
    if layer.layout.kind is LayoutKind.VECTOR:
        figure = vector_figure(layer.maps.reshape(-1), labels=names, colors=colors)
    else:
        rows = layer.maps.reshape(-1, layer.maps.shape[-1])
        wide = len(rows) > rows.shape[1]
        figure = channel_map(rows.T if wide else rows, colors=colors, width=VECTOR_WIDTH)
        across = ("position", "channels") if wide else ("channel", "positions")
        st.caption(f"One row a {across[0]}, {across[1]} from left to right.")
    draw(figure, key="activations_grid", alt=alt, label=label_of_layer(layer))
    return figure
