"""The order in which channels are shown."""

from collections.abc import Collection
from enum import StrEnum

import numpy as np

from actviz_core.analysis.statistics import ChannelStatistics, IntArray
from actviz_core.analysis.strength import Strength


class ChannelOrder(StrEnum):
    """What channels are sorted by; strength is the largest distance from zero."""

    INDEX = "index"
    STRENGTH = "reach"
    MEAN = "mean"
    MAXIMUM = "maximum"
    STD = "std"
    ACTIVE = "active"


def order_channels(
    statistics: ChannelStatistics,
    order: ChannelOrder,
    *,
    descending: bool = False,
    words: Collection[Strength] = tuple(Strength),
) -> IntArray:
    """Numbers of the channels that have one of the `words`, in display order, shape (up to C,).

    Channels with equal numbers stay in the order of their index, in both directions. Channels without any
    finite value come last.
    """
    channels = np.arange(len(statistics))
    if order is ChannelOrder.INDEX:
        ranked = channels[::-1] if descending else channels
    else:
        keys = getattr(statistics, order.value)
        ranked = np.argsort(-keys if descending else keys, kind="stable")
    return ranked[np.isin(statistics.strength[ranked], [word.value for word in words])]
