"""Plain sentences about gradients: what pulls towards a class, what away from it, and where."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import ChannelStatistics
from actviz_core.units import share_in_words
from actviz_core.wording.places import place_of

Maps = npt.NDArray[np.generic]


def gradient_sentence(statistics: ChannelStatistics, maps: Maps, name: str, *, product: bool) -> str:
    """Which channels of maps (C, H, W) of gradients pull hardest towards a class, and which hardest away.

    With ``product`` the maps hold gradients times activations: what speaks for the class, and against it.
    Only finite values count.
    """
    count, zero = len(statistics), int(statistics.silent.sum())
    channels = "the only channel" if count == 1 else f"all {count:,} channels"
    if not (statistics.peak_row >= 0).any():
        return f"There is no usable value in {channels}."
    if zero == count:
        what = "speaks for or against" if product else "pulls at"
        return f"Nothing here {what} {name}: in {channels} all values are zero."
    usable = _usable(maps)
    parts = [
        _extreme(usable, name, product=product, against=False),
        _extreme(usable, name, product=product, against=True),
    ]
    if zero:
        no_part = "has no part in it" if zero == 1 else "have no part in it"
        parts.append(f"{zero:,} of {count:,} channels {no_part}: zero everywhere")
    if unusable := int(statistics.nan_count.sum() + statistics.inf_count.sum()):
        parts.append(f"{unusable:,} of {maps.size:,} values {'is' if unusable == 1 else 'are'} not finite")
    return _sentence(parts)


def gradient_channel_sentence(maps: Maps, channel: int, name: str, *, product: bool) -> str:
    """In how much of the picture one channel of maps (C, H, W) pulls towards a class, and away, and where."""
    values = maps[channel]
    usable = _usable(values)
    verbs = ("speaks for", "speaks against") if product else ("pulls towards", "pulls away from")
    parts: list[str] = []
    for verb, signed in zip(verbs, (usable, -usable), strict=True):
        if not (signed > 0).any():
            parts.append(f"it {verb} {name} nowhere" if parts else f"channel {channel} {verb} {name} nowhere")
            continue
        row, column = np.unravel_index(int(signed.argmax()), signed.shape)
        subject = "it" if parts else f"channel {channel}"
        strongest = f"{usable[row, column]:.4g}"
        if values.size == 1:
            parts.append(f"{subject} {verb} {name}, by {strongest}")
        else:
            share = share_in_words(float((signed > 0).mean()))
            place = f"row {row}, column {column}"
            parts.append(f"{subject} {verb} {name} in {share} of the picture, most at {place}: {strongest}")
    if unusable := int((~np.isfinite(values)).sum()):
        parts.append(f"{unusable:,} of {values.size:,} values {'is' if unusable == 1 else 'are'} not finite")
    return _sentence(parts)


def _usable(values: Maps) -> npt.NDArray[np.float64]:
    """The values with zero for what is not finite."""
    return np.where(np.isfinite(values), values, 0).astype(np.float64)


def _extreme(usable: npt.NDArray[np.float64], name: str, *, product: bool, against: bool) -> str:
    """The channel with the value furthest to one side, and where it is."""
    signed = -usable if against else usable
    if not (signed > 0).any():
        if product:
            return f"nothing speaks {'against' if against else 'for'} {name}"
        return f"nothing pulls {'away from' if against else 'towards'} {name}"
    channel, row, column = (int(at) for at in np.unravel_index(int(signed.argmax()), signed.shape))
    place = place_of(row, column, usable.shape)
    where = f", {place}" if place else ""
    if product:
        return f"channel {channel} speaks most {'against' if against else 'for'} {name}{where}"
    return f"channel {channel} pulls hardest {'away from' if against else 'towards'} {name}{where}"


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts) + "."
    return text[0].upper() + text[1:]
