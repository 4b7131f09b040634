"""From which value to which value a layer's colours run."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import ChannelStatistics, FloatArray

CLIPPED_PERCENTILES = (1, 99)
"""The percentiles of the layer's values between which `ValueRange.PERCENTILE` spreads the colours."""


class ValueRange(StrEnum):
    """Which values share one colour range."""

    SHARED = "shared"
    CHANNEL = "channel"
    PERCENTILE = "percentile"


def shared_range(statistics: ChannelStatistics, *, centred: bool) -> tuple[float, float]:
    """Lowest and highest value over all channels; symmetric about zero if `centred`. Never an empty range."""
    finite = statistics.cells > statistics.nan_count + statistics.inf_count
    if not finite.any():
        return (-1.0, 1.0) if centred else (0.0, 1.0)
    lowest, highest = float(statistics.minimum[finite].min()), float(statistics.maximum[finite].max())
    return _widened(lowest, highest, centred=centred)


def percentile_range(
    maps: npt.ArrayLike, statistics: ChannelStatistics, *, centred: bool
) -> tuple[float, float]:
    """First and last percentile of the finite values of `maps`, shape (C, H, W).

    If `centred`, minus and plus the 99th percentile of the distance from zero. A layer in which nearly every
    value is the same (99 % zeros after a ReLU) keeps its full range.
    """
    values = np.asarray(maps)
    finite = values[np.isfinite(values)] if (statistics.nan_count + statistics.inf_count).any() else values
    if not finite.size:
        return shared_range(statistics, centred=centred)
    if centred:
        reach = float(np.percentile(np.abs(finite), CLIPPED_PERCENTILES[1]))
        low, high = -reach, reach
    else:
        low, high = (float(bound) for bound in np.percentile(finite, CLIPPED_PERCENTILES))
    return (low, high) if high > low else shared_range(statistics, centred=centred)


def channel_ranges(statistics: ChannelStatistics, *, centred: bool) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest value of each channel, shape (C,) each; symmetric about zero if `centred`."""
    low, high = np.nan_to_num(statistics.minimum), np.nan_to_num(statistics.maximum)
    if centred:
        reach = np.maximum(np.abs(low), np.abs(high))
        reach[reach == 0] = 1.0
        return -reach, reach
    return low, np.where(high > low, high, low + np.where(low == 0, 1.0, np.abs(low)))


def _widened(low: float, high: float, *, centred: bool) -> tuple[float, float]:
    if centred:
        high = max(abs(low), abs(high)) or 1.0
        return -high, high
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))
