"""One picture for a whole layer: mean, maximum, or its principal components as colours."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.statistics import FloatArray, float_maps

EXACT_SIZE = 128
"""Up to this many rows a matrix's eigenvalues are all computed; above, only the first three."""

NEGLIGIBLE = 1e-10
"""A component with less than this fraction of the first one's variance is rounding noise, not structure."""


class Summary(StrEnum):
    """How all channels become one map."""

    MEAN = "mean"
    MAXIMUM = "maximum"


@dataclass(frozen=True)
class PrincipalComponents:
    """The first three principal components of a layer's cells.

    Attributes:
        rgb: shape (H, W, 3), 0 to 1; each component stretched over its own range, 0.5 where there is none.
        explained: shape (3,), share of the variance each component explains; 0 where there is none.

    """

    rgb: FloatArray
    explained: FloatArray


def summary_map(maps: npt.ArrayLike, kind: Summary) -> FloatArray:
    """Mean or maximum over the channels of `maps`, shape (C, H, W), as an (H, W) map.

    NaN and infinite values are left out; a cell in which no channel is finite is NaN.

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value.

    """
    values = float_maps(maps)
    with np.errstate(invalid="ignore"):  # infinities of both signs sum to NaN, which is what is looked for
        total = values.sum(axis=0, dtype=np.float64)
    if np.isfinite(total).all():
        return total / len(values) if kind is Summary.MEAN else values.max(axis=0).astype(np.float64)
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    if kind is Summary.MEAN:
        result = np.where(finite, values, 0).sum(axis=0, dtype=np.float64) / np.maximum(count, 1)
    else:
        result = np.where(finite, values, -np.inf).max(axis=0).astype(np.float64)
    return np.where(count > 0, result, np.nan)


def principal_components(maps: npt.ArrayLike) -> PrincipalComponents:
    """The three directions in channel space along which the cells of `maps`, shape (C, H, W), differ most.

    Every cell is a point with C coordinates. NaN and infinite values count as their channel's mean. The sign
    of a component is chosen so that the channel with the largest weight has a positive one.

    Raises:
        ShapeError: if `maps` is not three-dimensional or holds no value.

    """
    values = float_maps(maps)
    channels, height, width = values.shape
    points = _centred(values.reshape(channels, -1))
    gram_of_cells = points.shape[1] < channels
    gram = points.T @ points if gram_of_cells else points @ points.T
    variances, vectors = _leading(gram.astype(np.float64))
    total = float(np.trace(gram))
    rgb = np.full((height * width, 3), 0.5)
    explained = np.zeros(3)
    for index, (variance, vector) in enumerate(zip(variances, vectors.T, strict=True)):
        if variance <= NEGLIGIBLE * variances[0] or variance <= 0:
            break
        weights = points @ vector if gram_of_cells else vector
        scores = vector if gram_of_cells else vector @ points
        scores = scores * np.sign(weights[np.abs(weights).argmax()])
        explained[index] = variance / total
        rgb[:, index] = (scores - scores.min()) / np.ptp(scores)
    return PrincipalComponents(rgb.reshape(height, width, 3), explained)


def _leading(gram: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Up to three largest eigenvalues of a symmetric matrix, largest first, and their vectors as columns.

    Large matrices are solved by subspace iteration (Saad 2011, Numerical Methods for Large Eigenvalue
    Problems, algorithm 5.2), about ten times faster than all eigenvalues at 512 channels.
    """
    if len(gram) <= EXACT_SIZE:
        variances, vectors = np.linalg.eigh(gram)
        return variances[:-4:-1], vectors[:, :-4:-1]
    image = np.random.default_rng(0).standard_normal((len(gram), 16))
    before = np.zeros(3)
    for _ in range(100):
        basis, _ = np.linalg.qr(image)
        image = gram @ basis
        variances, turn = np.linalg.eigh(basis.T @ image)
        leading = variances[:-4:-1]
        if np.allclose(leading, before, rtol=1e-9, atol=0):
            break
        before = leading
    return leading, basis @ turn[:, :-4:-1]


def _centred(flat: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """`flat`, shape (C, cells), minus each channel's mean over its finite values; 0 where not finite."""
    finite = np.isfinite(flat)
    zeroed = flat if finite.all() else np.where(finite, flat, 0)
    mean = zeroed.sum(axis=1, dtype=np.float64) / np.maximum(finite.sum(axis=1), 1)
    centred = zeroed - mean.astype(flat.dtype)[:, None]
    constant = (zeroed == zeroed[:, :1]).all(axis=1) & finite.all(axis=1)
    centred[constant] = 0  # not a rounding residue that would be stretched into a pattern
    return centred if finite.all() else np.where(finite, centred, 0)
