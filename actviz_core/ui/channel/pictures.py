"""What the channel does with a source's pictures: from a sweep where there is one, else from 20 of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.background import Task
from actviz_core.channels.on_pictures import (
    ChannelOnPictures,
    Hit,
    PictureValues,
    channel_of_run,
    channel_on_pictures,
    values_on_pictures,
)
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.errors import SweepError, UnknownLayerError
from actviz_core.samples import open_source, parse_image_id
from actviz_core.sweep import list_runs, open_run
from actviz_core.ui.channel.hand import ChannelInHand

BUNDLED = "bundled-cifar10"


def pictures_task(hand: ChannelInHand) -> Task[ChannelOnPictures]:
    """What the channel does with a source, in the background: the largest run that has its call, if any."""
    model, call, channel, settings = hand.model, hand.call, hand.channel, hand.workspace.settings
    run = run_of(hand)
    if run is not None:

        def read(_: Task[ChannelOnPictures]) -> ChannelOnPictures:
            return channel_of_run(open_run(run, settings), call, channel)

        key = hand.key(f"pictures {run} {channel}", of_picture=False)
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


def run_of(hand: ChannelInHand) -> str | None:
    """The finished run of this network that has this call: over the picture's source, else the largest."""
    settings = hand.workspace.settings
    source = parse_image_id(hand.sample.id).source
    runs = [
        run
        for run in list_runs(settings)
        if run.finished
        and run.manifest.network == hand.model.fingerprint
        and hand.call in [plan.name for plan in run.manifest.calls]
    ]
    runs.sort(key=lambda run: (run.manifest.source != source, -run.manifest.pictures, run.id))
    for run in runs:
        try:
            found = open_run(run.id, settings)
            if found.plan(hand.call).channels == len(hand.layer.maps):
                return run.id
        except (SweepError, UnknownLayerError, OSError):
            continue  # deleted meanwhile, or read by another version
    return None


@dataclass(frozen=True, eq=False)
class Crop:
    """What a picture's highest cell sees of it: pixels, uint8 (h, w, 3)."""

    hit: Hit
    pixels: npt.NDArray[np.uint8]


def crops_task(hand: ChannelInHand, hits: Sequence[Hit], which: str) -> Task[tuple[Crop, ...]]:
    """Cut every picture to the box of its highest cell, in the background."""
    model, workspace, call, channel = hand.model, hand.workspace, hand.call, hand.channel
    height, width = model.preprocess.size

    def cut(_: Task[tuple[Crop, ...]]) -> tuple[Crop, ...]:
        boxes: dict[tuple[int, int], tuple[slice, slice]] = {}
        everything = False
        found = []
        for hit in hits:
            if hit.cell not in boxes and not everything:
                field = receptive_field(model.module, (1, 3, height, width), call, hit.cell, channel=channel)
                everything = field.layer_sees_all
                boxes[hit.cell] = (slice(field.top, field.bottom), slice(field.left, field.right))
            picture = np.asarray(model.preprocess.seen(workspace.sample(hit.image).image))
            pixels = picture if everything else picture[boxes[hit.cell]]
            found.append(Crop(hit, pixels if pixels.size else picture))
        return tuple(found)

    key = hand.key(f"crops {channel} {which} {hash(tuple(hits)):x}", of_picture=False)
    return workspace.background.start(key, cut, lambda crops: sum(crop.pixels.nbytes for crop in crops))
