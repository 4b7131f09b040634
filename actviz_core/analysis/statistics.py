"""Numbers that describe each channel of a layer: mean, extremes, spread, share of active cells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ACTIVE_FRACTION = 0.05
"""In a layer with negative values a cell is active above this fraction of the layer's largest |value|."""


@dataclass(frozen=True)
class ChannelStatistics:
    """One number a channel, each array of shape (C,). NaN and infinite values are counted, then left out.

    A channel without any finite value has NaN for its numbers and -1 for its peak.

    Attributes:
        mean, maximum, minimum, std: over the channel's cells, float64; `std` divides by the number of cells.
        active: share of cells, 0 to 1, that count as active. In a layer that is never negative (after a ReLU)
            these are the cells above zero. In a layer with negative values, where hardly any cell is exactly
            zero, they are the cells whose distance from zero is more than 5 % of the largest distance from
            zero that occurs anywhere in the layer.
        peak_row, peak_column: where the maximum is (the first one in reading order).
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
    peak_row: IntArray
    peak_column: IntArray
    silent: BoolArray
    nan_count: IntArray
    inf_count: IntArray
    cells: int
    signed: bool

    def __len__(self) -> int:
        return len(self.mean)


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
    peak = high.argmax(axis=1)
    maximum = high[np.arange(channels), peak].astype(np.float64)
    minimum = low.min(axis=1).astype(np.float64)
    known = np.maximum(count, 1)
    mean = total / known
    # Squares are summed in float64; a constant channel is exactly 0, not a rounding residue.
    squares = np.einsum("ij,ij->i", zeroed, zeroed, dtype=np.float64, casting="same_kind")
    std = np.sqrt(np.maximum(squares / known - mean**2, 0)) * (maximum > minimum)
    empty = count == 0
    signed = bool((minimum < 0).any())
    active = _active_cells(zeroed, signed=signed) / known
    for numbers in (mean, maximum, minimum, std, active):
        numbers[empty] = np.nan
    return ChannelStatistics(
        mean=mean,
        maximum=maximum,
        minimum=minimum,
        std=std,
        active=active,
        peak_row=np.where(empty, -1, peak // width),
        peak_column=np.where(empty, -1, peak % width),
        silent=(maximum == 0) & (minimum == 0) & (count == cells),
        nan_count=nan_count,
        inf_count=inf_count,
        cells=cells,
        signed=signed,
    )


def _active_cells(flat: npt.NDArray[np.floating], *, signed: bool) -> IntArray:
    """Number of active cells in each row of `flat`, shape (C, cells), without NaN or infinities."""
    if not signed:
        return np.count_nonzero(flat > 0, axis=1)
    size = np.abs(flat)
    return np.count_nonzero(size > ACTIVE_FRACTION * size.max(), axis=1)
