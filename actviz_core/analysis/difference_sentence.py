"""How two activations differ, in one plain sentence computed from their numbers."""

import numpy as np

from actviz_core.analysis.differences import ChannelDifferences

AGREES = 0.9
"""The correlation above which two channels are said to agree."""

CLOSE = 0.1
"""Relative L2 below which two single values, which have no correlation, are said to agree."""


def difference_sentence(differences: ChannelDifferences, first_name: str, second_name: str) -> str:
    """What differs between two activations that go by these names.

    "In epoch-1, 52 of 64 channels agree with final (correlation above 0.9), 3 more are silent in both;
    channel 17 differs most (correlation 0.12)."
    """
    channels, silent = len(differences), differences.first_silent & differences.second_silent
    if silent.all():
        which = "The only channel is" if channels == 1 else f"All {channels:,} channels are"
        return f"{which} silent in both {first_name} and {second_name}."
    if (differences.relative_l2 == 0).all():
        return f"{first_name} and {second_name} are equal in every channel, value for value."
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
    if differences.second_silent[channel]:
        why = f": it is silent in {second_name}"
    elif differences.first_silent[channel]:
        why = f": it is silent in {first_name}"
    elif np.isnan(differences.correlation[channel]):
        why = ""
    else:
        why = f" (correlation {differences.correlation[channel]:.2f})"
    return [f"channel {channel} differs most{why}"]
