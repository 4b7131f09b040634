"""Plain sentences computed from a layer's numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import ChannelStatistics
from actviz_core.analysis.strength import Strength
from actviz_core.units import share_in_words
from actviz_core.wording.places import place_of

LISTED = 10
"""Up to this many channels are named one by one."""

SOME = 8
"""How many are named where there are more."""


def layer_sentence(
    statistics: ChannelStatistics, shape: Sequence[int], *, names: Sequence[str] | None = None
) -> str:
    """What a layer of maps of this shape, (C, H, W), does with the picture, in one sentence.

    "For this picture, 1 of 64 channels is silent: 9; 2 are nearly silent: 3, 12; 49 are weak, 12 are strong;
    channel 17 answers strongest, above zero, in the upper left." The strongest is the one that goes furthest
    from zero, which is where the colours are deepest. The channels of a network's answer have `names`, its
    classes; of these the highest is named instead.
    """
    parts = [_counted(statistics), _highest(statistics, names) if names else _strongest(statistics, shape)]
    parts += _unusable(int(statistics.nan_count.sum()), int(statistics.inf_count.sum()), int(np.prod(shape)))
    return "; ".join(filter(None, parts)) + "."


def strength_sentence(statistics: ChannelStatistics) -> str:
    """How many channels have which word of `Strength`, and which ones are silent or nearly so."""
    return _counted(statistics) + "."


def channel_sentence(statistics: ChannelStatistics, channel: int, shape: Sequence[int]) -> str:
    """What one channel of a layer of maps of this shape, (C, H, W), does with the picture."""
    flaws = _unusable(
        int(statistics.nan_count[channel]), int(statistics.inf_count[channel]), statistics.cells
    )
    word, highest = str(statistics.strength[channel]), statistics.maximum[channel]
    said = f"channel {channel} is {word}"
    if statistics.peak_row[channel] < 0:
        parts = [f"channel {channel} holds no usable value"]
    elif word == Strength.SILENT:
        parts = [f"{said}: it is zero everywhere for this picture"]
    elif statistics.cells == 1:
        parts = [f"{said}: its value is {highest:.4g}"]
    elif statistics.peak_cells[channel] == statistics.cells:
        parts = [f"{said} and the same everywhere in the picture: {highest:.4g}"]
    else:
        parts = [f"{said}: {_activity(statistics, channel)}"]
        if statistics.reach[channel]:
            parts += _extremes(statistics, channel, shape)
    sentence = "; ".join(parts + flaws) + "."
    return sentence[0].upper() + sentence[1:]


def listed(channels: Sequence[int] | npt.NDArray[np.int64]) -> str:
    """Some channel numbers, all where they are few: "3, 12", "0, 1, 2, 3, 4, 5, 6, 7 and 33 more"."""
    if len(channels) <= LISTED:
        return ", ".join(map(str, channels))
    return f"{', '.join(map(str, channels[:SOME]))} and {len(channels) - SOME:,} more"


def _counted(statistics: ChannelStatistics) -> str:
    """How many channels have which word, beginning with "For this picture" where there are several."""
    count, usable = len(statistics), bool((statistics.peak_row >= 0).any())
    if count == 1:
        return f"The only channel {_only(statistics)}"
    if not usable:
        return f"None of the {count:,} channels holds a usable value"
    quiet = [(word, statistics.channels(word)) for word in (Strength.SILENT, Strength.NEARLY_SILENT)]
    if len(quiet[0][1]) == count:
        return f"All {count:,} channels are silent for this picture"
    parts: list[str] = []
    for word, channels in quiet:
        if len(channels):
            of = "" if parts else f" of {count:,} channels"
            parts.append(f"{len(channels):,}{of} {_is(len(channels))} {word}: {listed(channels)}")
    parts = parts or [f"none of {count:,} channels is silent or nearly silent"]
    rest = [(word, len(statistics.channels(word))) for word in (Strength.WEAK, Strength.STRONG)]
    parts.append(", ".join(f"{number:,} {_is(number)} {word}" for word, number in rest if number))
    if len(unknown := statistics.channels(Strength.UNKNOWN)):
        parts.append(f"{len(unknown):,} cannot be told, with values that are not finite: {listed(unknown)}")
    return "For this picture, " + "; ".join(filter(None, parts))


def _only(statistics: ChannelStatistics) -> str:
    if statistics.peak_row[0] < 0:
        return "holds no usable value"
    match statistics.strength[0]:
        case Strength.SILENT:
            return "is silent for this picture"
        case Strength.UNKNOWN:
            return "is zero wherever its values are finite"
        case _:
            return "answers to this picture"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _highest(statistics: ChannelStatistics, names: Sequence[str]) -> str:
    """Which of a network's answers is the highest; nothing to say if none can be used."""
    if not (statistics.peak_row >= 0).any():
        return ""
    values = np.where(statistics.peak_row >= 0, statistics.maximum, -np.inf)
    best = int(values.argmax())
    if (equal := int((values == values[best]).sum())) > 1:
        return f"{equal:,} channels share the highest value, {values[best]:.4g}"
    return f"channel {best} ({names[best]}) has the highest value, {values[best]:.4g}"


def _strongest(statistics: ChannelStatistics, shape: Sequence[int]) -> str:
    """Which channel goes furthest from zero, with its place; nothing to say if no channel answers."""
    reach = np.nan_to_num(statistics.reach)
    channel = int(reach.argmax())
    if not reach[channel]:
        return ""
    if (equal := int((reach == reach[channel]).sum())) > 1:
        return f"{equal:,} channels answer equally strongly, and none more strongly"
    where = _where(statistics, channel, shape)
    if len(statistics) == 1:
        return f"it is strongest {where}" if where else ""
    return f"channel {channel} answers strongest" + (f", {where}" if where else "")


def _where(statistics: ChannelStatistics, channel: int, shape: Sequence[int]) -> str:
    """On which side of zero a channel goes furthest from it, if the layer has both, and in which place."""
    reach = statistics.reach[channel]
    high, low = statistics.maximum[channel] == reach, -statistics.minimum[channel] == reach
    if high and low:
        return "as far below zero as above"
    side = ("above zero" if high else "below zero") if statistics.signed else ""
    cells = (statistics.peak_cells if high else statistics.low_cells)[channel]
    if statistics.cells == 1:
        place = ""
    elif cells == statistics.cells:
        place = "the same everywhere"
    elif cells > 1:
        place = f"equally at {cells:,} places"
    else:
        row, column = _cell(statistics, channel, high=bool(high))
        place = place_of(row, column, shape)
    return ", ".join(filter(None, [side, place]))


def _cell(statistics: ChannelStatistics, channel: int, *, high: bool) -> tuple[int, int]:
    """Row and column of a channel's highest or lowest value."""
    if high:
        return int(statistics.peak_row[channel]), int(statistics.peak_column[channel])
    return int(statistics.low_row[channel]), int(statistics.low_column[channel])


def _activity(statistics: ChannelStatistics, channel: int) -> str:
    """In which share of its cells a channel is active, on either side of zero where the layer has both."""
    cells = "cells" if not statistics.nan_count[channel] + statistics.inf_count[channel] else "usable cells"
    if not statistics.active[channel]:
        largest = float(np.nan_to_num(statistics.reach).max())
        if not statistics.reach[channel]:
            return "it is zero wherever its values are finite"
        return f"it never goes beyond 1 % of the layer's largest distance from zero, {largest:.4g}"
    above, below = (share_in_words(side[channel]) for side in (statistics.above, statistics.below))
    if not statistics.signed:
        return f"active in {above} of its {cells}"
    if not statistics.below[channel]:
        return f"active above zero in {above} of its {cells}, nowhere below"
    if not statistics.above[channel]:
        return f"active below zero in {below} of its {cells}, nowhere above"
    return f"active above zero in {above} of its {cells}, below zero in {below}"


def _extremes(statistics: ChannelStatistics, channel: int, shape: Sequence[int]) -> list[str]:
    """A channel's highest value and, where it has values below zero, its lowest, with their places."""
    said = []
    highest, lowest = statistics.maximum[channel], statistics.minimum[channel]
    if highest > 0 or lowest >= 0:
        said.append(f"its highest value, {highest:.4g}, is {_at(statistics, channel, shape, high=True)}")
    if lowest < 0:
        said.append(f"its lowest value, {lowest:.4g}, is {_at(statistics, channel, shape, high=False)}")
    return said


def _at(statistics: ChannelStatistics, channel: int, shape: Sequence[int], *, high: bool) -> str:
    cells = (statistics.peak_cells if high else statistics.low_cells)[channel]
    if cells > 1:
        return f"at {cells:,} places"
    row, column = _cell(statistics, channel, high=high)
    place = place_of(row, column, shape)
    return f"{place}{', ' if place else ''}in row {row}, column {column}"


def _unusable(nan: int, inf: int, values: int) -> list[str]:
    parts = []
    if nan:
        parts.append(f"{nan:,} of {values:,} values {'is not a number' if nan == 1 else 'are not numbers'}")
    if inf:
        parts.append(f"{inf:,} of {values:,} values {'is' if inf == 1 else 'are'} infinite")
    return parts
