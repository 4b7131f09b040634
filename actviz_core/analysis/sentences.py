"""Plain sentences computed from a layer's numbers."""

from collections.abc import Sequence

import numpy as np

from actviz_core.analysis.statistics import ChannelStatistics


def layer_sentence(
    statistics: ChannelStatistics, shape: Sequence[int], *, names: Sequence[str] | None = None
) -> str:
    """What a layer of maps of this shape, (C, H, W), does with the picture, in one sentence.

    "41 of 64 channels are silent for this picture; channel 17 answers strongest, in the upper left."
    The channels of a network's answer have `names`, its classes.
    """
    parts = [_silence(statistics)]
    if strongest := _strongest(statistics, shape, names):
        parts.append(strongest)
    parts += _unusable(int(statistics.nan_count.sum()), int(statistics.inf_count.sum()), int(np.prod(shape)))
    return "; ".join(parts) + "."


def channel_sentence(statistics: ChannelStatistics, channel: int, shape: Sequence[int]) -> str:
    """What one channel of a layer of maps of this shape, (C, H, W), does with the picture."""
    flaws = _unusable(
        int(statistics.nan_count[channel]), int(statistics.inf_count[channel]), statistics.cells
    )
    if statistics.silent[channel]:
        parts = [f"channel {channel} is silent: it is zero everywhere for this picture"]
    elif statistics.peak_row[channel] < 0:
        parts = [f"channel {channel} holds no usable value"]
    elif statistics.cells > 1 and not flaws and statistics.minimum[channel] == statistics.maximum[channel]:
        parts = [
            f"channel {channel} is the same everywhere in the picture: {statistics.maximum[channel]:.4g}"
        ]
    elif statistics.cells == 1:
        parts = [f"channel {channel} has the value {statistics.maximum[channel]:.4g}"]
    else:
        place = place_of(int(statistics.peak_row[channel]), int(statistics.peak_column[channel]), shape)
        parts = [
            f"channel {channel} is active in {share_in_words(statistics.active[channel])} of the picture",
            f"its highest value, {statistics.maximum[channel]:.4g}, is {place or 'in row'}"
            + f"{'' if not place else ', in row'} {statistics.peak_row[channel]}, "
            + f"column {statistics.peak_column[channel]}",
        ]
    sentence = "; ".join(parts + flaws) + "."
    return sentence[0].upper() + sentence[1:]


def place_of(row: int, column: int, shape: Sequence[int]) -> str:
    """Where in a map of this shape, (..., H, W), a cell lies: "in the upper left". Empty for tiny maps.

    The centre is the middle third; a cell is near an edge where its own centre is in the outer sixth.
    """
    height, width = shape[-2:]
    if height < 3 or width < 3:
        return ""
    vertical = ("upper", "", "lower")[3 * row // height]
    horizontal = ("left", "", "right")[3 * column // width]
    at_edges = _near_edge(row, height), _near_edge(column, width)
    if vertical and horizontal:
        return (
            f"near the {vertical} {horizontal} corner" if all(at_edges) else f"in the {vertical} {horizontal}"
        )
    if not (vertical or horizontal):
        return "near the centre"
    if any(at_edges):
        return f"near the {({'upper': 'top', 'lower': 'bottom'}).get(vertical, horizontal)} edge"
    return f"{({'upper': 'above', 'lower': 'below'}).get(vertical, f'{horizontal} of')} the centre"


def _near_edge(index: int, count: int) -> bool:
    """Whether the middle of one of so many cells in a row lies in the first or the last sixth."""
    return 6 * min(index, count - 1 - index) + 3 <= count


def share_in_words(share: float) -> str:
    """A share from 0 to 1 as "23 %", without rounding something to nothing or nearly all to all."""
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "more than 99 %"
    return f"{share:.0%}".replace("%", " %")


def _silence(statistics: ChannelStatistics) -> str:
    channels, silent = len(statistics), int(statistics.silent.sum())
    if channels == 1:
        return (
            "The only channel is silent for this picture"
            if silent
            else "The only channel answers to this picture"
        )
    if silent == channels:
        return f"All {channels:,} channels are silent for this picture"
    if silent:
        return f"{silent:,} of {channels:,} channels {'is' if silent == 1 else 'are'} silent for this picture"
    if (statistics.peak_row < 0).all():
        return f"None of the {channels:,} channels holds a usable value"
    return f"None of the {channels:,} channels is silent for this picture"


def _strongest(statistics: ChannelStatistics, shape: Sequence[int], names: Sequence[str] | None) -> str:
    """Which channel has the largest value, with its place; nothing to say if no channel answers."""
    usable = (statistics.peak_row >= 0) & ~statistics.silent
    if not usable.any():
        return ""
    channel = int(np.where(usable, statistics.maximum, -np.inf).argmax())
    equal = int((usable & (statistics.maximum == statistics.maximum[channel])).sum())
    if equal > 1:
        return f"{equal:,} channels answer equally strongly, and none more strongly"
    place = place_of(int(statistics.peak_row[channel]), int(statistics.peak_column[channel]), shape)
    if len(statistics) == 1:
        return f"it is strongest {place}" if place else ""
    name = f" ({names[channel]})" if names is not None else ""
    return f"channel {channel}{name} answers strongest" + (f", {place}" if place else "")


def _unusable(nan: int, inf: int, values: int) -> list[str]:
    parts = []
    if nan:
        parts.append(f"{nan:,} of {values:,} values {'is not a number' if nan == 1 else 'are not numbers'}")
    if inf:
        parts.append(f"{inf:,} of {values:,} values {'is' if inf == 1 else 'are'} infinite")
    return parts
