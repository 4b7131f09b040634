"""What the page of a channel says in numbers, as far as its cards have found them, for a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
import torch

from actviz_core.analysis.twins import twins
from actviz_core.channels.effects import Change, channel_axis
from actviz_core.channels.excitation import Excitation
from actviz_core.channels.input_box import Evidence
from actviz_core.channels.weights import channel_weights
from actviz_core.errors import ActVizError
from actviz_core.export.channel_numbers import ChannelNumbers
from actviz_core.samples import open_source
from actviz_core.ui.channel import made, pictures, worth
from actviz_core.ui.channel.card import found_by
from actviz_core.ui.channel.computes import CHIPS
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.looks import look_task


def numbers_of(hand: ChannelInHand, layer: str, number: int) -> ChannelNumbers:
    """Every number of the page that its cards have found by now."""
    value = hand.layer.value
    every = torch.arange(value.numel()).reshape(value.shape).numpy()
    positions = np.array(hand.workspace.maps(hand.model, hand.call, torch.from_numpy(every))[hand.channel])
    own = hand.map.astype(np.float64)
    row, column = hand.cell
    expected = {
        "mean": float(own.mean()),
        "maximum": float(own.max()),
        "minimum": float(own.min()),
        "value of the cell": float(own[row, column]),
    }
    box = None
    found = found_by(look_task(hand))
    if found is not None and found.field.evidence is Evidence.NAN and not found.field.empty:
        seen = found.field
        box = (seen.top, seen.bottom, seen.left, seen.right)
        expected |= dict(
            zip(("box top", "box bottom", "box left", "box right"), map(float, box), strict=True)
        )
    if found is not None and found.shares is not None:
        expected["pixels of half"] = float(found.pixels_of_half)
    weights = _weights(hand)
    answer = _of_answer(hand)
    sheet = _of_pictures(hand)
    alike = twins(hand.layer.maps, hand.channel) if answer.axis is not None and hand.map.size > 1 else ()
    key = made.made_key(hand, made.chosen_seed(), made.chosen_objective())
    picture: Excitation | None = found_by(hand.workspace.background.find(key))
    if picture is not None and picture.stuck:
        picture = None
    expected.update({**weights, **answer.expected, **sheet.expected})
    expected |= {f"correlation with {twin.channel}": twin.correlation for twin in alike}
    expected |= {} if picture is None else {"made picture": picture.value}
    return ChannelNumbers(
        layer,
        number,
        hand.channel,
        answer.axis,
        positions,
        tuple(value.shape),
        hand.cell,
        box,
        answer.classes,
        made_even=answer.change is Change.MEAN,
        factor=answer.factor if answer.change is Change.SCALED else None,
        weights=bool(weights),
        rank="place" in answer.expected,
        twins=tuple(twin.channel for twin in alike),
        pictures=sheet.images,
        labels=sheet.labels,
        made=picture,
        expected=expected,
    )


@dataclass(frozen=True)
class _Answer:
    """What is expected of the answer; ``change`` is None where the page shows no other than switching off."""

    axis: int | None
    classes: tuple[int, ...] = ()
    change: Change | None = None
    factor: float = 1.0
    expected: Mapping[str, float] = field(default_factory=dict)


def _of_answer(hand: ChannelInHand) -> _Answer:
    axis = channel_axis(hand.layer.layout)
    before = hand.workspace.prediction(hand.model, hand.sample, k=None)
    if axis is None or before.problem is not None:
        return _Answer(axis)
    classes = before.indices[: worth.CLASSES]
    expected = _named("share", classes, before.probabilities)
    expected |= _named("share without it", classes, _shares(hand, classes, Change.OFF, 1.0))
    change, factor = worth.chosen_change()
    if change is not Change.OFF:
        told = "share with its mean" if change is Change.MEAN else f"share with {factor:g} times it"
        expected |= _named(told, classes, _shares(hand, classes, change, factor))
    worths = found_by(hand.workspace.background.find(worth.worths_key(hand, classes[0])))
    if worths is not None:
        expected["place"] = float(worths.place(hand.channel))
    return _Answer(axis, classes, None if change is Change.OFF else change, factor, expected)


def _shares(hand: ChannelInHand, classes: Sequence[int], change: Change, factor: float) -> list[float]:
    """The shares of classes after a change; none where the page has not found them."""
    changed = found_by(worth.changed_task(hand, change, factor))
    if changed is None or changed.answer.problem is not None:
        return []
    shares = dict(zip(changed.answer.indices, changed.answer.probabilities, strict=True))
    return [shares[index] for index in classes]


def _named(name: str, classes: Sequence[int], shares: Sequence[float]) -> dict[str, float]:
    """The first class's share has the name alone, the others' their class beside it."""
    names = [name, *(f"{name}, class {index}" for index in classes[1:])]
    return dict(zip(names, shares, strict=False))


def _weights(hand: ChannelInHand) -> dict[str, float]:
    """The channel's own weights, those that the page names."""
    try:
        weights = channel_weights(hand.model.module, hand.call, hand.channel)
    except ActVizError:
        return {}
    single = {
        "bias": weights.bias,
        "scale": weights.scale,
        "shift": weights.shift,
        "scale in all": weights.applied_scale,
        "shift in all": weights.applied_shift,
    }
    found = {name: value for name, value in single.items() if value is not None}
    return found | {f"weights for {channel}": length for channel, length in weights.strongest(CHIPS)}


@dataclass(frozen=True)
class _Sheet:
    """The pictures that are asked for; with labels, these are all of a source."""

    images: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)


def _of_pictures(hand: ChannelInHand) -> _Sheet:
    """The pictures of the sheet; of the 20 that come along, all of them with their labels."""
    found = found_by(pictures.pictures_task(hand))
    if found is None or not found.count:
        return _Sheet()
    hits = found.bottom if st.session_state.get("lowest") else found.top
    expected = {f"largest in {hit.image}": hit.value for hit in hits}
    source = open_source(pictures.BUNDLED, hand.workspace.settings)
    if found.source != pictures.BUNDLED or found.count != len(source):
        return _Sheet(tuple(hit.image for hit in hits), (), expected)
    expected["largest mean"] = found.largest_mean
    expected |= {f"mean of {name}": mean for name, mean in zip(found.classes, found.class_means, strict=True)}
    images = tuple(f"{pictures.BUNDLED}/{index}" for index in range(len(source)))
    return _Sheet(images, tuple(source.label(index) or "" for index in range(len(source))), expected)
