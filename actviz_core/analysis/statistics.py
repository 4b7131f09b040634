"""Numbers that describe each channel of a layer: mean, extremes, spread, share of active cells."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.strength import NEARLY_SILENT, Strength, strengths
from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ChannelStatistics:
    """One number a channel, each array of shape (C,). NaN and infinite values are counted, then left out.

    A channel without any finite value has NaN for its numbers and -1 for its places.

    Attributes:
        mean, maximum, minimum, std: over the channel's cells, float64; `std` divides by the number of cells.
        active: share of cells, 0 to 1, whose distance from zero is more than 1 % (`NEARLY_SILENT`) of the
            largest that occurs anywhere in the layer. A channel that is active nowhere is silent or nearly.
        above, below: the two parts of `active`: cells above zero and below zero.
        peak_row, peak_column: where the maximum is (the first one in reading order).
        peak_cells: how many cells have exactly that value.
        low_row, low_column, low_cells: the same of the minimum.
        silent: True if every value is exactly zero.
        nan_count, inf_count: how many values are not numbers, or infinite.
        cells: number of cells in each channel.
        signed: True if any finite value of the layer is negative.

    """

    mean: FloatArray
    maximum: FloatArray
    minimum: FloatArray
    std: FloatArray
    active: FloatArray
    above: FloatArray
    below: FloatArray
    peak_row: IntArray
    peak_column: IntArray
    peak_cells: IntArray
    low_row: IntArray
    low_column: IntArray
    low_cells: IntArray
    silent: BoolArray
    nan_count: IntArray
    inf_count: IntArray
    cells: int
    signed: bool

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def reach(self) -> FloatArray:
        """The largest distance from zero of each channel, (C,); NaN where it holds no finite value."""
        return np.maximum(np.abs(self.maximum), np.abs(self.minimum))

    @cached_property
    def strength(self) -> npt.NDArray[np.str_]:
        """Each channel's word on the scale of `Strength`, (C,)."""
        return strengths(self.reach, active=self.active > 0, flawed=self.nan_count + self.inf_count > 0)

    def channels(self, *words: Strength) -> IntArray:
        """The numbers of the channels that have one of these words, in ascending order."""
        return np.flatnonzero(np.isin(self.strength, [word.value for word in words]))


def float_maps(maps: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """`maps` as a float array of shape (C, H, W): float32 where that is exact, else float64.

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value.

    """
    array = np.asarray(maps)
    if array.ndim != 3 or array.size == 0:
        raise ShapeError(
            f"Maps must have the shape (channels, rows, columns) and hold values; got {array.shape}."
        )
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)


def channel_statistics(maps: npt.ArrayLike) -> ChannelStatistics:
    """Describe every channel of `maps`, shape (C, H, W).

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value.

    """
    values = float_maps(maps)
    channels, _, width = values.shape
    flat = values.reshape(channels, -1)
    cells = flat.shape[1]
    with np.errstate(invalid="ignore"):  # infinities of both signs sum to NaN, which is what is looked for
        total = flat.sum(axis=1, dtype=np.float64)
    if np.isfinite(total).all():
        nan_count = inf_count = np.zeros(channels, np.int64)
        count = np.full(channels, cells)
        low, high, zeroed = flat, flat, flat
    else:
        finite = np.isfinite(flat)
        nan_count = np.isnan(flat).sum(axis=1)
        count = finite.sum(axis=1)
        inf_count = cells - count - nan_count
        low, high, zeroed = (np.where(finite, flat, fill) for fill in (np.inf, -np.inf, 0))
        total = zeroed.sum(axis=1, dtype=np.float64)
    peak, lowest = high.argmax(axis=1), low.argmin(axis=1)
    numbers = np.arange(channels)
    maximum, minimum = high[numbers, peak], low[numbers, lowest]
    peak_cells, low_cells = (
        np.count_nonzero(flat == extreme[:, None], axis=1) for extreme in (maximum, minimum)
    )
    maximum, minimum = maximum.astype(np.float64), minimum.astype(np.float64)
    known = np.maximum(count, 1)
    mean = total / known
    # Squares are summed in float64; a constant channel is exactly 0, not a rounding residue.
    squares = np.einsum("ij,ij->i", zeroed, zeroed, dtype=np.float64, casting="same_kind")
    std = np.sqrt(np.maximum(squares / known - mean**2, 0)) * (maximum > minimum)
    empty = count == 0
    signed = bool((minimum < 0).any())
    cells_above, cells_below = _active_cells(zeroed, signed=signed)
    above, below, active = (each / known for each in (cells_above, cells_below, cells_above + cells_below))
    for found in (mean, maximum, minimum, std, active, above, below):
        found[empty] = np.nan
    for found in (peak_cells, low_cells):
        found[empty] = 0
    return ChannelStatistics(
        mean=mean,
        maximum=maximum,
        minimum=minimum,
        std=std,
        active=active,
        above=above,
        below=below,
        peak_row=np.where(empty, -1, peak // width),
        peak_column=np.where(empty, -1, peak % width),
        peak_cells=peak_cells,
        low_row=np.where(empty, -1, lowest // width),
        low_column=np.where(empty, -1, lowest % width),
        low_cells=low_cells,
        silent=(maximum == 0) & (minimum == 0) & (count == cells),
        nan_count=nan_count,
        inf_count=inf_count,
        cells=cells,
        signed=signed,
    )


def _active_cells(flat: npt.NDArray[np.floating], *, signed: bool) -> tuple[IntArray, IntArray]:
    """Number of active cells above and below zero in each row of `flat`, (C, cells), all finite."""
    largest = max(flat.max(), -flat.min())
    border = largest * flat.dtype.type(NEARLY_SILENT)
    above = np.count_nonzero(flat > border, axis=1)
    return above, np.count_nonzero(flat < -border, axis=1) if signed else np.zeros_like(above)
