"""How two activations differ, in one plain sentence computed from their numbers."""

import numpy as np

from actviz_core.analysis.differences import ChannelDifferences
from actviz_core.analysis.statistics import ChannelStatistics
from actviz_core.analysis.strength import Strength

AGREES = 0.9
"""The correlation above which two channels are said to agree."""

CLOSE = 0.1
"""Relative L2 below which two single values, which have no correlation, are said to agree."""


def difference_sentence(differences: ChannelDifferences, first_name: str, second_name: str) -> str:
    """What differs between two activations that go by these names.

    "In epoch-1, 52 of 64 channels agree with final (correlation above 0.9), 3 more are silent in both;
    channel 17 differs most (correlation 0.12)."
    """
    channels, silent = len(differences), differences.first.silent & differences.second.silent
    if silent.all():
        which = "The only channel is" if channels == 1 else f"All {channels:,} channels are"
        return f"{which} silent in both {first_name} and {second_name}."
    left_out = int((differences.cells - differences.compared).sum())
    if (differences.relative_l2 == 0).all():
        where = "in all values that are finite in both" if left_out else "value for value"
        return f"{first_name} and {second_name} are equal in every channel, {where}."
    single = differences.cells == 1
    equal = (differences.relative_l2 == 0) & ~silent
    close = differences.relative_l2 < CLOSE if single else differences.correlation > AGREES
    agreeing = int((equal | close & ~silent).sum())
    measure = "values within 10 %" if single else f"correlation above {AGREES:g}"
    parts = [f"in {first_name}, {_share(agreeing, channels)} with {second_name} ({measure})"]
    if both := int(silent.sum()):
        more = f"{both:,} more" if agreeing else f"{both:,}"
        parts[0] += f", {more} {'is' if both == 1 else 'are'} silent in both"
    if channels > 1:
        parts += _most_different(differences, first_name, second_name)
    if unknown := int(np.isnan(differences.relative_l2).sum()):
        parts.append(f"{unknown:,} {'has' if unknown == 1 else 'have'} no usable values to compare")
    if left_out:
        values = channels * differences.cells
        verb = "is" if left_out == 1 else "are"
        parts.append(f"{left_out:,} of {values:,} values {verb} left out, not finite in both")
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _share(agreeing: int, channels: int) -> str:
    if channels == 1:
        return "the only channel agrees" if agreeing else "the only channel does not agree"
    if agreeing == channels:
        return f"all {channels:,} channels agree"
    if not agreeing:
        return f"none of {channels:,} channels agrees"
    return f"{agreeing:,} of {channels:,} channels {'agrees' if agreeing == 1 else 'agree'}"


def _most_different(differences: ChannelDifferences, first_name: str, second_name: str) -> list[str]:
    """Which channel differs most, and in what."""
    channel = int(differences.order[0])
    if not differences.relative_l2[channel] > 0:
        return []
    said = f"channel {channel} differs most"
    if not np.isnan(correlation := differences.correlation[channel]):
        said += f" (correlation {correlation:.2f})"
    dead = [
        f"{why} in {name}"
        for statistics, name in ((differences.first, first_name), (differences.second, second_name))
        if (why := _dead(statistics, channel))
    ]
    return [f"{said}: it is {' and '.join(dead)}" if dead else said]


def _dead(statistics: ChannelStatistics, channel: int) -> str:
    """Why a channel says nothing of the picture, if it does not: there is no pattern, or hardly any value."""
    word = statistics.strength[channel]
    if word in (Strength.SILENT, Strength.NEARLY_SILENT):
        return str(word)
    flat = statistics.cells > 1 and statistics.peak_cells[channel] == statistics.cells
    return "the same everywhere" if flat else ""
