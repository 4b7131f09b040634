"""The start page's row: a picture, three layers' strongest channels, and the prediction."""

import numpy as np
import streamlit as st

from actviz_core.activations import ROOT
from actviz_core.analysis import (
    ChannelOrder,
    channel_statistics,
    first_of_each_stage,
    order_channels,
)
from actviz_core.figures import channel_grid, prediction_bars
from actviz_core.models import Model
from actviz_core.samples import Sample, open_source, parse_image_id
from actviz_core.ui.charts import draw
from actviz_core.ui.text import percent, plain
from actviz_core.ui.view import choose_image, choose_layers, current_view
from actviz_core.workspace import Workspace

STRONGEST = 4
OTHERS = 6
STAGE_WIDTH, STAGE_PIXELS = 200, 240
STAGES = (
    ("Early", "Edges and colours, all over the picture."),
    ("Middle", "Textures and parts, where they are."),
    ("Late", "What the picture is about, roughly where."),
)


def tell_story(model: Model, sample: Sample, workspace: Workspace) -> None:
    """Draw the row; each stage links to its layer."""
    layers = first_of_each_stage(workspace.tree(model))
    told = [layers[0], layers[len(layers) // 2], layers[-1]] if len(layers) >= len(STAGES) else list(layers)
    workspace.calls(model, sample, [*told, ROOT])  # one forward pass for everything below
    row = st.grid(len(told) + 2, min_column_width=170)
    with row.cell():
        st.markdown("**Picture**")
        st.image(
            model.preprocess.seen(sample.image),
            width="stretch",
            alt=f"The picture as the network sees it: {sample.label or sample.name or sample.id}",
            output_format="PNG",  # as it is, to the pixel
        )
        st.caption(plain(sample.title))
    for (title, words), layer in zip(STAGES, told, strict=False):
        with row.cell():
            _stage(title, words, layer, model, sample, workspace)
    with row.cell():
        _answer(model, sample, workspace)


def _stage(title: str, words: str, layer: str, model: Model, sample: Sample, workspace: Workspace) -> None:
    call, value = next(iter(workspace.activations(model, sample, [layer]).items()))
    maps = workspace.maps(model, call, value)
    statistics = channel_statistics(maps)
    strongest = order_channels(statistics, ChannelOrder.MAXIMUM, descending=True, hide_silent=False)[
        :STRONGEST
    ]
    active = int(np.count_nonzero(statistics.maximum > 0))
    st.markdown(f"**{title}** {plain(layer)}")
    figure = channel_grid(maps, channels=strongest, columns=2, statistics=statistics, width=STAGE_WIDTH)
    figure.layout.height = STAGE_PIXELS  # the same for all, so that what follows stands in one line
    draw(
        figure,
        key=f"story_{title}",
        width=STAGE_WIDTH,
        alt=f"The channels of {layer} that answer strongest",
    )
    if st.button("Look closer", key=f"closer_{title}", icon=":material/zoom_in:"):
        chosen = current_view().layers
        if layer not in chosen:
            choose_layers((*chosen, layer))
        st.session_state["activations_layer"] = layer
        st.switch_page("activations.py", query_params={"activations_layer": layer})
    st.caption(f"{words} {active} of {len(maps)} channels go above zero.")


def _answer(model: Model, sample: Sample, workspace: Workspace) -> None:
    st.markdown("**Prediction**")
    prediction = workspace.prediction(model, sample, k=3)
    draw(
        prediction_bars(prediction, label=sample.label),
        key="story_prediction",
        width=STAGE_WIDTH,
        alt="The three most probable classes",
    )
    if prediction.problem is None:
        said = ", ".join(
            f"{label} {percent(share)}"
            for label, share in zip(prediction.labels[:2], prediction.probabilities, strict=False)
        )
        st.caption(plain(said))


def other_pictures(sample: Sample, workspace: Workspace) -> None:
    """Offer six other pictures of the same source."""
    st.subheader("Another picture")
    chosen = parse_image_id(sample.id)
    key = "bundled-cifar10" if chosen.source == "upload" else chosen.source
    source = open_source(key, workspace.settings)
    start = chosen.item if isinstance(chosen.item, int) else -1
    offered = [(start + step) % len(source) for step in range(1, min(OTHERS, len(source) - 1) + 1)]
    thumbnails = source.thumbnails(offered, 96)
    row = st.grid(OTHERS, min_column_width=110)
    for index, thumbnail in zip(offered, thumbnails, strict=True):
        with row.cell():
            label = source.label(index) or f"{index}"
            st.image(thumbnail, width="stretch", alt=f"{label}, {source.key}/{index}")
            st.button(
                plain(label),
                key=f"other_{index}",
                width="stretch",
                on_click=choose_image,
                args=(f"{source.key}/{index}",),
            )
