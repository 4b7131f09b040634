"""The start page's row: a picture, three layers' strongest channels, and the prediction."""

import streamlit as st

from actviz_core.analysis import ChannelOrder, ChannelStatistics, channel_statistics, order_channels
from actviz_core.errors import ShapeError
from actviz_core.figures import channel_grid, lay_on_pictures, prediction_bars, shortened
from actviz_core.models import Model
from actviz_core.names import ImageId
from actviz_core.samples import Sample, open_source, parse_image_id
from actviz_core.tasks import Task, Training
from actviz_core.ui.figure import draw, draw_clickable
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.shell.answers import answer_help, answer_line
from actviz_core.ui.shell.view import View, choose_image, choose_layers, current_view
from actviz_core.ui.start.story_layers import Part, ToldLayer, layers_to_tell
from actviz_core.ui.text import option_text, plain
from actviz_core.units import percent
from actviz_core.wording.layers import strength_sentence
from actviz_core.workspace.shared import Workspace

STRONGEST = 4
OTHERS = 6
STAGE_WIDTH, STAGE_PIXELS = 200, 240
NAME = 16  # characters of a layer's name that fit beside a title in one line
_OPEN = "story_opens"  # in the session: the link's parameters of what was clicked
OFTEN = {
    Part.EARLY: "After training, early layers often answer to edges and colours.",
    Part.MIDDLE: "After training, layers in the middle often answer to textures and parts.",
    Part.LATE: "After training, late layers often answer to whole things, roughly where they are.",
}


def tell_story(view: View, model: Model, sample: Sample, workspace: Workspace) -> None:
    """Draw the row; each stage links to its layer, and each channel's number to the channel."""
    if wanted := st.session_state.pop(_OPEN, None):
        st.switch_page("activations.py", query_params=wanted)
    told, said = layers_to_tell(view, model, sample, workspace)
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
        st.page_link("samples.py", label="All pictures", icon=":material/photo_library:")
    for layer in told:
        with row.cell():
            _stage(layer, model, sample, workspace)
    with row.cell():
        _answer(model, sample, workspace)
    if said:
        st.caption(said)


def _stage(told: ToldLayer, model: Model, sample: Sample, workspace: Workspace) -> None:
    layer, short = told.name, shortened(told.name, NAME)
    st.markdown(f"**{told.part}** {plain(short)}", help=plain(layer) if short != layer else None)
    try:
        call, value = next(iter(workspace.activations(model, sample, [layer]).items()), (layer, None))
        if value is None:
            st.caption(plain(workspace.why_nothing(model, layer)))
            return
        maps = workspace.maps(model, call, value)
    except ShapeError as error:
        st.caption(plain(f"It cannot be drawn. {error}"))
        return
    statistics = channel_statistics(maps)
    strongest = order_channels(statistics, ChannelOrder.STRENGTH, descending=True)[:STRONGEST]
    figure = channel_grid(maps, channels=strongest, columns=2, statistics=statistics, width=STAGE_WIDTH)
    figure.layout.height = STAGE_PIXELS  # the same for all, so that what follows stands in one line
    on_picture = workspace.layout(model, call, value).on_picture
    draw_clickable(
        lay_on_pictures(figure, [picture_part(model, sample) if on_picture else None]),
        key=f"story_{told.key}",
        alt=f"The channels of {layer} that answer strongest",
        clicked=lambda click: _look_at(layer, call, None if click.item is None else int(click.item)),
    )
    st.button(
        "Look closer",
        key=f"closer_{told.key}",
        icon=":material/zoom_in:",
        on_click=_look_at,
        args=(layer, call, None),
    )
    st.caption(plain(_what_it_does(told.part, statistics, model.training)))


def _look_at(layer: str, call: str, channel: int | None) -> None:
    """Have the next run open a layer's call on Activations, with one channel large or with none."""
    chosen = current_view().layers
    if layer not in chosen:
        choose_layers((*chosen, layer))
    st.session_state["activations_layer"] = call
    st.session_state["channel"] = channel
    st.session_state[_OPEN] = {"activations_layer": option_text(call)} | (
        {} if channel is None else {"channel": str(channel)}
    )


def _what_it_does(part: Part, statistics: ChannelStatistics, training: Training) -> str:
    """Say how strong the channels are and, of a trained network, what such layers often answer to."""
    said, answers = strength_sentence(statistics), bool((statistics.active > 0).any())
    return f"{OFTEN[part]} {said}" if training is Training.TRAINED and answers else said


def _answer(model: Model, sample: Sample, workspace: Workspace) -> None:
    st.markdown("**Prediction**")
    prediction = workspace.prediction(model, sample, k=3)
    draw(
        prediction_bars(prediction, label=sample.label, width=STAGE_WIDTH),
        key="story_prediction",
        alt="The most probable classes" if model.task is Task.CLASSIFICATION else "The largest areas",
    )
    if prediction.problem is not None:
        return
    said = answer_line(prediction, model)
    if len(prediction.labels) > 1 and prediction.tied == 1:
        said += f", then {plain(prediction.labels[1])} {percent(prediction.probabilities[1])}"
    st.caption(said, help=answer_help(model))
    of = f" {plain(prediction.labels[0])}" if prediction.tied == 1 else ""
    st.page_link("why.py", label=f"Why{of}?", icon=":material/help_center:")


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
                args=(str(ImageId(source.key, index)),),
            )
