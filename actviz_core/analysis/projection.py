"""Pictures as points of a plane: the two directions in which a layer's values differ most."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]

NEGLIGIBLE = 1e-12
"""A component with less of the variance than this is rounding, and counts as none."""


@dataclass(frozen=True, eq=False)
class Projection:
    """N pictures in a plane.

    Attributes:
        points: (N, 2) float64; NaN for pictures whose values are not all finite.
        shares: the share of all variance along each of the two axes, 0 to 1; None where the axes have none.

    """

    points: FloatArray
    shares: tuple[float, float] | None

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Which pictures have a place, (N,)."""
        return np.asarray(np.isfinite(self.points).all(axis=1))

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.points.nbytes


def project(values: npt.ArrayLike) -> Projection:
    """The first two principal components of `values`, shape (N, C): a row a picture, a column a channel.

    Pearson 1901; the axes are those of the largest variance over the pictures, whose values are all finite.
    The sign of an axis is chosen so that the channel with the largest weight has a positive one. An axis
    along which nothing differs is 0 everywhere.

    Raises:
        ShapeError: if `values` is not two-dimensional or has no channel.

    """
    table = _table(values)
    usable = np.isfinite(table).all(axis=1)
    scores, variances = _components(table[usable], 2)
    points = np.full((len(table), 2), np.nan)
    points[usable] = scores
    total = variances[-1]
    shares = (float(variances[0] / total), float(variances[1] / total)) if total > 0 else (0.0, 0.0)
    return Projection(points, shares)


def principal_scores(values: npt.ArrayLike, count: int) -> FloatArray:
    """Finite `values` (N, C) along their first `count` principal components, (N, min(count, C)).

    Raises:
        ShapeError: if `values` is not two-dimensional, has no channel, or holds what is not finite.

    """
    table = _table(values)
    if not np.isfinite(table).all():
        raise ShapeError("Values that are not finite have no principal components.")
    return _components(table, min(count, table.shape[1]))[0]


def _table(values: npt.ArrayLike) -> npt.NDArray[np.floating]:
    table = np.asarray(values)
    if table.ndim != 2 or not table.shape[1]:
        raise ShapeError(f"A layer must have the shape (pictures, channels); got {table.shape}.")
    return table


def _components(table: npt.NDArray[np.floating], count: int) -> tuple[FloatArray, FloatArray]:
    """Scores along the first components, (N, count), and their variances, with the total as the last one."""
    scores, variances = np.zeros((len(table), count)), np.zeros(count + 1)
    if len(table) < 2:
        return scores, variances
    centred = table.astype(np.float64)
    size = np.abs(centred).max()
    centred -= centred.mean(axis=0)
    reach = np.abs(centred).max()
    if reach <= NEGLIGIBLE * size:
        return scores, variances  # rounding is all that is left
    centred /= reach  # squares neither overflow nor vanish
    # The smaller of the two: channels by channels, or pictures by pictures.
    by_pictures = len(centred) < centred.shape[1]
    found, vectors = np.linalg.eigh(centred @ centred.T if by_pictures else centred.T @ centred)
    variances[-1] = found[found > 0].sum()
    for at in range(min(count, len(found))):
        variance, vector = found[-1 - at], vectors[:, -1 - at]
        if variance <= NEGLIGIBLE * variances[-1]:
            break
        weights = centred.T @ vector if by_pictures else vector
        score = vector * np.sqrt(variance) if by_pictures else centred @ vector
        scores[:, at] = score * np.sign(weights[np.abs(weights).argmax()]) * reach
        variances[at] = variance
    return scores, variances
