"""What the channel does with a source's pictures: from a sweep where there is one, else from 20 of them."""

from collections.abc import Sequence

import streamlit as st

from actviz_core.analysis.twins import Twin, twins_over_pictures
from actviz_core.channels.crops import Crop, cut_to_sight
from actviz_core.channels.on_pictures import (
    ChannelOnPictures,
    Hit,
    PictureValues,
    channel_of_run,
    channel_on_pictures,
    values_on_pictures,
)
from actviz_core.samples import open_source, parse_image_id
from actviz_core.sweep import Run
from actviz_core.system.background import Task
from actviz_core.ui.channel.hand import ChannelInHand, kept_field
from actviz_core.ui.choices import remember_warning, repeat_warnings
from actviz_core.ui.text import shorten

BUNDLED = "bundled-cifar10"
RUN = "run"  # in links: the kept run that the page is to look at


def pictures_task(hand: ChannelInHand) -> Task[ChannelOnPictures]:
    """What the channel does with a source, in the background: that of a kept run if one has its call."""
    model, call, channel, settings = hand.model, hand.call, hand.channel, hand.workspace.settings
    run = run_of(hand)
    if run is not None:

        def read(_: Task[ChannelOnPictures]) -> ChannelOnPictures:
            return channel_of_run(run, call, channel)

        key = hand.key(f"pictures {run.id} {channel}", of_picture=False)
        return hand.workspace.background.start(key, read, lambda found: found.values.nbytes)
    values = hand.workspace.background.start(
        hand.key(f"pictures {BUNDLED}", of_picture=False),
        lambda task: values_on_pictures(
            model, open_source(BUNDLED, settings), call, lambda done: setattr(task, "report", done)
        ),
        lambda found: found.bytes,
    )
    return _part(values, channel)


def _part(values: Task[PictureValues], channel: int) -> Task[ChannelOnPictures]:
    """The channel's part of what the layer's task gives."""
    part: Task[ChannelOnPictures] = _Part(values, channel)
    return part


class _Part(Task[ChannelOnPictures]):
    """One channel of a task that is about all channels of a layer."""

    def __init__(self, values: Task[PictureValues], channel: int) -> None:
        super().__init__()
        self.ended = values.ended
        self.stop = values.stop
        self.report = values.report
        self._values, self._channel = values, channel

    def result(self) -> ChannelOnPictures:
        return channel_on_pictures(self._values.result(), BUNDLED, self._channel)


def twins_task(hand: ChannelInHand, run: Run) -> Task[tuple[Twin, ...]]:
    """Which channels rise and fall with this one over the pictures of a run, in the background."""
    call, channel = hand.call, hand.channel
    return hand.workspace.background.start(
        hand.key(f"twins {run.id} {channel}", of_picture=False),
        lambda _: twins_over_pictures(run.mean(call), channel),
        lambda found: 32 * len(found),
    )


def run_of(hand: ChannelInHand) -> Run | None:
    """The kept run that the page looks at: the link's, else over the picture's source, else the largest."""
    return hand.workspace.sweeps.of_call(
        hand.model.fingerprint,
        hand.call,
        channels=len(hand.layer.maps),
        source=parse_image_id(hand.sample.id).source,
        wanted=st.query_params.get(RUN),
    )


def check_run(hand: ChannelInHand) -> None:
    """Warn where the link names a run that has nothing of this call of this network."""
    wanted = st.query_params.get(RUN)
    if wanted is None or repeat_warnings(RUN):
        return
    source, channels = parse_image_id(hand.sample.id).source, len(hand.layer.maps)
    runs = hand.workspace.sweeps.runs_with(
        hand.model.fingerprint, hand.call, channels=channels, source=source
    )
    known = [run.id for run in runs]
    if wanted in known:
        return
    can = f"It can be: {', '.join(known)}." if known else "No kept run has this layer of this network."
    remember_warning(RUN, f"The link's {RUN}={shorten(wanted, 60)} is not possible here. {can}")
    repeat_warnings(RUN)


def crops_task(hand: ChannelInHand, hits: Sequence[Hit], which: str) -> Task[tuple[Crop, ...]]:
    """Cut every picture to the box of its highest cell, in the background."""
    model, workspace, channel = hand.model, hand.workspace, hand.channel
    field_at = kept_field(model, workspace.store, hand.call, channel)

    def cut(_: Task[tuple[Crop, ...]]) -> tuple[Crop, ...]:
        return cut_to_sight(model, hits, lambda image: workspace.sample(image).image, field_at)

    key = hand.key(f"crops {channel} {which} {hash(tuple(hits)):x}", of_picture=False)
    return workspace.background.start(key, cut, lambda crops: sum(crop.pixels.nbytes for crop in crops))
