"""A channel's page as one file: each card's sentences and figures, as far as the cards have them."""

from collections.abc import Sequence

import numpy as np

from actviz_core.analysis import ValueRange
from actviz_core.analysis.twins import Twin, twins
from actviz_core.channels.effects import Change
from actviz_core.channels.on_pictures import pictures_counted
from actviz_core.channels.weights import WeightKind, channel_weights
from actviz_core.errors import ActVizError
from actviz_core.export import Provenance
from actviz_core.export.sections_html import Section, sections_html
from actviz_core.figures import (
    Colors,
    captioned_sheet,
    change_bars,
    channel_grid,
    channel_map,
    grid_limits,
    looking_figure,
    plain_picture,
    vector_figure,
)
from actviz_core.ui.channel import made, pictures, worth
from actviz_core.ui.channel.card import found_by
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.looks import look_task
from actviz_core.ui.channel.twins import compares_source
from actviz_core.wording import channels
from actviz_core.wording.layers import channel_sentence

WIDTH = 520
NOT_THERE = "The page had not found this when the file was made."


def channel_html(hand: ChannelInHand, title: str, *, dark: bool) -> bytes:
    """The page with what its cards have found by now, in the order of the cards."""
    statistics, maps = hand.layer.statistics, hand.layer.maps
    said = (channel_sentence(statistics, hand.channel, maps.shape),)
    below = hand.layer.below
    drawn = channel_map(
        hand.map,
        image=below,
        opacity=1.0 if below is None else 0.6,
        limits=grid_limits(maps, statistics, hand.channel),
        signed=statistics.signed,
        width=WIDTH,
    )
    head = Section(
        f"Channel {hand.channel} of {hand.call}",
        (*said, "Colours as in the grid of all channels."),
        (drawn,) if hand.map.size > 1 else (),
    )
    parts = (_looks, _computes, _worth, _excites, _made, _twins)
    provenance = Provenance.of(hand.model, hand.sample.id, [hand.call])
    sections = [head, *(part(hand) for part in parts)]
    return sections_html(sections, title=title, provenance=provenance, dark=dark, width=WIDTH)


def _looks(hand: ChannelInHand) -> Section:
    found = found_by(look_task(hand))
    if found is None:
        return Section("Where it looks", (NOT_THERE,))
    picture = np.asarray(hand.model.preprocess.seen(hand.sample.image))
    field = found.field
    box = None if field.empty else (field.top, field.bottom, field.left, field.right)
    figure = looking_figure(picture, found.shares, box=box, width=WIDTH)
    said = f"Row {hand.cell[0]}, column {hand.cell[1]}. {channels.look_sentence(found)}"
    return Section("Where it looks", (said,), (figure,) if picture.shape[:2] == field.input_size else ())


def _computes(hand: ChannelInHand) -> Section:
    title = "What it computes with"
    try:
        weights = channel_weights(hand.model.module, hand.call, hand.channel)
    except ActVizError as error:
        return Section(title, (str(error),))
    said = (channels.weights_sentence(weights),)
    if weights.kernels is None:
        return Section(title, said)
    if weights.kind is WeightKind.ROW or weights.kernels.ndim != 3:
        return Section(title, said, (vector_figure(weights.kernels.reshape(-1)),))
    every = np.zeros((int(weights.inputs.max()) + 1, *weights.kernels.shape[1:]), weights.kernels.dtype)
    every[weights.inputs] = weights.kernels
    order = [channel for channel, _ in weights.strongest(64)]
    return Section(title, said, (channel_grid(every, channels=order, colors=Colors.RDBU, width=WIDTH),))


def _worth(hand: ChannelInHand) -> Section:
    title = "What it is worth for this picture"
    before = hand.workspace.prediction(hand.model, hand.sample, k=None)
    if before.problem is not None:
        return Section(title, (before.problem,))
    try:
        changed = found_by(worth.changed_task(hand, Change.OFF, 1.0))
    except ActVizError as error:
        return Section(title, (str(error),))
    if changed is None:
        return Section(title, (NOT_THERE,))
    said = [channels.change_sentence(before, changed.answer, Change.OFF, 1.0, hand.channel)]
    worths = found_by(hand.workspace.background.find(worth.worths_key(hand, before.indices[0])))
    if worths is not None:
        said.append(channels.worth_sentence(worths, hand.channel, before.labels[0]))
    if changed.answer.problem is not None:
        return Section(title, tuple(said))
    now = dict(zip(changed.answer.indices, changed.answer.probabilities, strict=True))
    count = worth.CLASSES
    figure = change_bars(
        before.labels[:count],
        before.probabilities[:count],
        [now[index] for index in before.indices[:count]],
        titles=("as it is", f"channel {hand.channel} switched off"),
        width=WIDTH,
    )
    return Section(title, tuple(said), (figure,))


def _excites(hand: ChannelInHand) -> Section:
    title = "What excites it most"
    found = found_by(pictures.pictures_task(hand))
    if found is None:
        return Section(title, (NOT_THERE,))
    value = float(hand.layer.statistics.maximum[hand.channel])
    said = (channels.pictures_sentence(found, hand.channel, value, own=hand.sample.id),)
    crops = found_by(pictures.crops_task(hand, found.top, "highest")) or ()
    captions = [
        f"{crop.hit.label or crop.hit.image.rpartition('/')[2]} {channels.number(crop.hit.value)}"
        for crop in crops
    ]
    items = [crop.hit.image for crop in crops]
    sheet = captioned_sheet([crop.pixels for crop in crops], items=items, captions=captions, width=WIDTH)
    return Section(title, said, (sheet,) if crops else ())


def _made(hand: ChannelInHand) -> Section:
    title = "What would excite it more"
    found = found_by(
        hand.workspace.background.find(made.made_key(hand, made.chosen_seed(), made.chosen_objective()))
    )
    if found is None:
        return Section(title, (NOT_THERE,))
    said = channels.made_sentence(found, found_by(pictures.pictures_task(hand)))
    return Section(title, (said,), () if found.stuck else (plain_picture(found.picture, width=WIDTH),))


def _twins(hand: ChannelInHand) -> Section:
    maps = hand.layer.maps
    if len(maps) == 1:
        return Section("Twins", ("It is the only channel of its layer.",))
    run = pictures.run_of(hand)
    if run is not None and compares_source():
        over = found_by(pictures.twins_task(hand, run))
        if over is None:
            return Section("Twins", (NOT_THERE,))
        count = pictures_counted(run, hand.call, hand.channel)
        return _twin_section(hand, over, channels.twins_over_sentence(_pairs(over), count))
    if maps[0].size == 1:
        return Section("Twins", ("There are no patterns to compare.",))
    found = twins(maps, hand.channel)
    return _twin_section(hand, found, channels.twins_sentence(_pairs(found)))


def _twin_section(hand: ChannelInHand, found: Sequence[Twin], said: str) -> Section:
    channels = [hand.channel, *(twin.channel for twin in found)]
    own_range = ValueRange.CHANNEL
    figure = channel_grid(hand.layer.maps, channels=channels, columns=3, value_range=own_range, width=WIDTH)
    return Section("Twins", (said,), (figure,) if found else ())


def _pairs(found: Sequence[Twin]) -> list[tuple[int, float]]:
    return [(twin.channel, twin.correlation) for twin in found]
