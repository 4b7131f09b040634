"""What differs between two activations: signed maps, and numbers a channel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.resampling import resample
from actviz_core.analysis.statistics import (
    BoolArray,
    ChannelStatistics,
    FloatArray,
    IntArray,
    channel_statistics,
    float_maps,
)
from actviz_core.errors import ShapeError

FloatMaps = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Difference:
    """The first activation minus the second.

    Attributes:
        maps: shape (C, H, W), with as many rows and columns as the larger of the two activations has.
        first_size, second_size: rows and columns of each before.

    """

    maps: FloatMaps
    first_size: tuple[int, int]
    second_size: tuple[int, int]

    @property
    def resampled(self) -> bool:
        """True if the two had different sizes, and values between the cells of one were computed."""
        return self.first_size != self.second_size


@dataclass(frozen=True)
class ChannelDifferences:
    """How much each channel differs between two activations, each array of shape (C,).

    Cells that are not finite in both are left out; a channel without any other has NaN everywhere.

    Attributes:
        relative_l2: length (root of the sum of squares) of the difference, divided by the length of the
            second activation's channel. 0 where both are equal, also where both are silent; infinite where
            only the second is silent.
        cosine: of the angle between the two channels, -1 to 1; NaN where one of them is silent.
        correlation: Pearson's, -1 to 1; NaN where one of them has the same value everywhere.
        first, second: the statistics of the two activations as they were given.
        order: channel numbers, largest relative L2 first; those that are infinite by their difference's
            length; channels without numbers last.
        compared: number of cells of each channel that are finite in both.
        cells: number of cells in each channel.

    """

    relative_l2: FloatArray
    cosine: FloatArray
    correlation: FloatArray
    first: ChannelStatistics
    second: ChannelStatistics
    order: IntArray
    compared: IntArray
    cells: int

    def __len__(self) -> int:
        return len(self.relative_l2)


def difference(first: npt.ArrayLike, second: npt.ArrayLike) -> Difference:
    """Subtract `second` from `first`, both of shape (C, H, W) with sizes of their own.

    Where sizes differ, the one with fewer rows or columns is resampled to the other's (see `resample`).
    Cells that are not finite in both are NaN.

    Raises:
        ShapeError: if the numbers of channels differ, or only one of the two has places.

    """
    one, other, sizes = _laid_over(first, second)
    with np.errstate(invalid="ignore"):  # infinity minus itself is NaN, which is what is wanted
        maps = one - other
    maps[~np.isfinite(maps)] = np.nan
    return Difference(maps, *sizes)


def channel_differences(first: npt.ArrayLike, second: npt.ArrayLike) -> ChannelDifferences:
    """Compare each channel of two activations of shape (C, H, W), resampled as in `difference`.

    Raises:
        ShapeError: if the numbers of channels differ, or only one of the two has places.

    """
    one, other, _ = _laid_over(first, second)
    one, other = (maps.reshape(len(maps), -1).astype(np.float64) for maps in (one, other))
    known = np.isfinite(one) & np.isfinite(other)
    count = known.sum(axis=1)
    one, other = np.where(known, one, 0), np.where(known, other, 0)
    distance, length_one, length_other = (np.linalg.norm(v, axis=1) for v in (one - other, one, other))
    with np.errstate(divide="ignore", invalid="ignore"):  # silent and constant channels, as documented
        relative = np.where(distance == 0, 0.0, distance / length_other)
        cosine = np.einsum("ij,ij->i", one, other) / (length_one * length_other)
        one, other = (_centred(values, known, count) for values in (one, other))
        spread = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        correlation = np.einsum("ij,ij->i", one, other) / spread
    relative[count == 0] = np.nan
    ranked = np.lexsort((-distance, -np.nan_to_num(relative, nan=-1.0, posinf=np.inf)))
    return ChannelDifferences(
        relative_l2=relative,
        cosine=np.clip(cosine, -1, 1),
        correlation=np.clip(correlation, -1, 1),
        first=channel_statistics(first),
        second=channel_statistics(second),
        order=ranked,
        compared=count,
        cells=known.shape[1],
    )


def _laid_over(
    first: npt.ArrayLike, second: npt.ArrayLike
) -> tuple[FloatMaps, FloatMaps, tuple[tuple[int, int], tuple[int, int]]]:
    """Both activations with as many rows and columns as the larger one, and their sizes before."""
    one, other = float_maps(first), float_maps(second)
    (channels, *one_size), (other_channels, *other_size) = one.shape, other.shape
    if channels != other_channels:
        raise ShapeError(
            f"{channels:,} channels cannot be compared with {other_channels:,} one by one: channel numbers "
            "of different layers don't correspond. Choose the same layer in both panels, or look at their "
            "summaries side by side."
        )
    kinds = [_places(size) for size in (one_size, other_size)]
    if kinds[0] != kinds[1]:
        raise ShapeError(
            f"The first panel has {kinds[0]}, the second {kinds[1]}: they cannot be laid over each other. "
            "Choose two layers of the same form."
        )
    rows, columns = (max(pair) for pair in zip(one_size, other_size, strict=True))
    sizes = (one.shape[1], one.shape[2]), (other.shape[1], other.shape[2])
    return resample(one, (rows, columns)), resample(other, (rows, columns)), sizes


def _places(size: list[int]) -> str:
    """What the cells of a map stand for, as `as_maps` lays them out."""
    rows, columns = size
    if rows > 1:
        return "maps"
    return "single values" if columns == 1 else "sequences"


def _centred(values: FloatMaps, known: BoolArray, count: IntArray) -> FloatMaps:
    """Each row minus its mean over known cells; exactly 0 for a constant one, not a rounding residue."""
    mean = values.sum(axis=1) / np.maximum(count, 1)
    centred = np.where(known, values - mean[:, None], 0)
    lowest = np.where(known, values, np.inf).min(axis=1)
    highest = np.where(known, values, -np.inf).max(axis=1)
    centred[lowest >= highest] = 0
    return centred
