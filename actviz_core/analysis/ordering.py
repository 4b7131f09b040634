"""The order in which channels are shown."""

from enum import StrEnum

import numpy as np

from actviz_core.analysis.statistics import ChannelStatistics, IntArray


class ChannelOrder(StrEnum):
    """What channels are sorted by."""

    INDEX = "index"
    MEAN = "mean"
    MAXIMUM = "maximum"
    STD = "std"
    ACTIVE = "active"


def order_channels(
    statistics: ChannelStatistics, order: ChannelOrder, *, descending: bool = False, hide_silent: bool = False
) -> IntArray:
    """Channel numbers in display order, shape (up to C,).

    Channels with equal numbers stay in the order of their index, in both directions. Channels without any
    finite value come last.
    """
    channels = np.arange(len(statistics))
    if order is ChannelOrder.INDEX:
        ranked = channels[::-1] if descending else channels
    else:
        keys = getattr(statistics, order.value)
        ranked = np.argsort(-keys if descending else keys, kind="stable")
    return ranked[~statistics.silent[ranked]] if hide_silent else ranked
