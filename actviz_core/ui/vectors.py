"""Layers without spatial maps: bars or rows of cells, with class names for the network's answer."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from actviz_core.analysis import Form, form_of, layer_note, layer_sentence
from actviz_core.figures import Colors, channel_map, histogram, vector_figure
from actviz_core.ui.charts import draw
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.layer_in_hand import LayerInHand
from actviz_core.ui.text import plain

VECTOR_WIDTH = 760  # pixels of the figure in a window of 1440


def vector_view(layer: LayerInHand, *, is_output: bool) -> go.Figure:
    """Draw an activation that is no set of maps in the form that fits; returns the figure."""
    page = st.grid(3, min_column_width=260, gap="medium")
    with page.cell(column_span=2):
        colors = linked_selectbox("Colours", list(Colors), key="colours", format_func=str, width=220)
        names = layer.model.classes if is_output else None
        st.markdown(plain(layer_sentence(layer.statistics, layer.maps.shape, names=names)))
        figure = _figure(layer, colors, names)
    with page.cell():
        shape = " x ".join(map(str, layer.shape[1:]))
        st.caption(
            f"**{plain(layer.call)}** {plain(layer.type_name)}, {shape}. {plain(layer_note(layer.type_name))}"
        )
        if is_output:
            st.caption("These are the network's answers: one value a class, the highest one wins.")
        draw(histogram(layer.maps), key="activations_histogram", alt="Histogram of all values of the layer")
    return figure


def _figure(layer: LayerInHand, colors: Colors, names: Sequence[str] | None) -> go.Figure:
    alt = f"The values of {layer.call}"
    if form_of(layer.shape) is Form.VECTOR:
        figure = vector_figure(layer.maps.reshape(-1), labels=names, colors=colors)
    else:
        figure = channel_map(layer.maps.reshape(-1, layer.maps.shape[-1]), colors=colors, width=VECTOR_WIDTH)
        st.caption("One row a channel, positions from left to right.")
    draw(figure, key="activations_grid", alt=alt)
    return figure
