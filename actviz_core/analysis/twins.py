"""Which channels of a layer have the most similar maps, or rise and fall with the same pictures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import BoolArray, FloatArray, float_maps
from actviz_core.errors import ShapeError


@dataclass(frozen=True)
class Twin:
    """Another channel, and how its map goes with the first one's: Pearson's correlation, -1 to 1."""

    channel: int
    correlation: float


def channel_correlations(maps: npt.ArrayLike, channel: int) -> FloatArray:
    """Pearson's correlation of one channel's map with every channel's, (C,), over the cells of (C, H, W).

    It tells whether two maps rise and fall at the same cells, whatever their scale. NaN where a map is the
    same everywhere or holds a value that is not finite, and for maps of one cell.

    Raises:
        ShapeError: if `maps` is not three-dimensional, holds no value or has no such channel.

    """
    values = float_maps(maps).astype(np.float64)
    if not 0 <= channel < len(values):
        raise ShapeError(f"There is no channel {channel}; the maps have the channels 0 to {len(values) - 1}.")
    flat = values.reshape(len(values), -1)
    usable: BoolArray = np.asarray(np.isfinite(flat).all(axis=1))
    usable[usable] = np.ptp(flat[usable], axis=1) > 0
    found = np.full(len(flat), np.nan)
    if usable[channel]:
        size = np.abs(flat[usable]).max(axis=1, keepdims=True)
        centred = flat[usable] / size  # or squares of very large or small values would be lost
        centred -= centred.mean(axis=1, keepdims=True)
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        own = centred[np.count_nonzero(usable[:channel])]
        found[usable] = np.clip(centred @ own, -1, 1)
    return found


def twins(maps: npt.ArrayLike, channel: int, count: int = 5) -> tuple[Twin, ...]:
    """The other channels with the largest correlation, largest first; none where there is nothing to compare.

    Raises:
        ShapeError: as `channel_correlations`.

    """
    correlations = channel_correlations(maps, channel)
    correlations[channel] = np.nan
    order = np.argsort(-correlations, kind="stable")  # NaN comes last
    return tuple(
        Twin(int(at), float(correlations[at])) for at in order[:count] if not np.isnan(correlations[at])
    )


def twins_over_pictures(means: npt.ArrayLike, channel: int, count: int = 5) -> tuple[Twin, ...]:
    """The channels whose means over their maps, (N, C), go with this one's over N pictures; most alike first.

    Pictures for which the channel's own mean is not finite do not count. None where there is nothing to
    compare, as for a channel whose mean is the same for every picture.

    Raises:
        ShapeError: if `means` is not two-dimensional or has no such channel.

    """
    values = np.asarray(means)
    if values.ndim != 2 or not 0 <= channel < values.shape[1]:
        raise ShapeError(f"Means must have the shape (pictures, channels) with channel {channel} among them.")
    values = values[np.isfinite(values[:, channel])]
    return twins(values.T[:, :, None], channel, count) if len(values) > 1 else ()
