"""Maps brought to another size, so that layers of different sizes can be laid over each other."""

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import FloatArray, float_maps
from actviz_core.errors import ShapeError


def resample(maps: npt.ArrayLike, size: tuple[int, int]) -> npt.NDArray[np.floating]:
    """`maps`, shape (C, H, W), brought to `size` (rows, columns); rows and columns each by themselves.

    Fewer cells than before: each new cell is the mean of the area it covers, so that the mean of the map
    stays. More cells: bilinear, with cell centres half a cell from the edge and the outermost cells going on
    to it (as torch's `interpolate(mode="bilinear", align_corners=False)`). A new cell that rests on a NaN or
    infinite one is NaN.

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value, or `size` is not positive.

    """
    values = float_maps(maps)
    if min(size) < 1:
        raise ShapeError(f"Maps can be resampled to one row and column or more; got {size}.")
    if values.shape[1:] == size:
        return values
    down, across = (_weights(old, new) for old, new in zip(values.shape[1:], size, strict=True))
    finite = np.isfinite(values)
    if finite.all():
        return _spread(values, down, across)
    result = _spread(np.where(finite, values, 0), down, across)
    result[_spread((~finite).astype(values.dtype), down, across) > 0] = np.nan
    return result


def _spread(
    values: npt.NDArray[np.floating], down: FloatArray, across: FloatArray
) -> npt.NDArray[np.floating]:
    return (down @ values @ across.T).astype(values.dtype)


def _weights(old: int, new: int) -> FloatArray:
    """How much each of `old` cells adds to each of `new` ones, shape (new, old); every row adds up to 1."""
    if new < old:
        edges = np.arange(new + 1) * (old / new)
        cells = np.arange(old)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        return np.maximum(overlap, 0) * (new / old)
    centres = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    return np.maximum(1 - np.abs(centres[:, None] - np.arange(old)), 0)
