"""How alike two layers are, by what they do with the same pictures: linear CKA."""

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]


def linear_cka(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Linear centred kernel alignment of (N, C1) and (N, C2): 0 (unrelated) to 1 (alike).

    Kornblith et al. 2019 (arXiv:1905.00414), eq. 4 with linear kernels, which is their
    ||Y'X||^2 / (||X'X|| ||Y'Y||) in Frobenius norms for centred X and Y. Rotating the channels of either, or
    scaling all of them by one factor, changes nothing. NaN where a layer does the same with all pictures, or
    where a value is no number: leave out pictures that were skipped.

    Raises:
        ShapeError: if they are not tables of the same pictures, at least two.

    """
    x, y = _centred(first), _centred(second)
    if len(x) != len(y):
        raise ShapeError(f"Both layers must be of the same pictures; got {len(x)} and {len(y)}.")
    shared = _squared_norm(x, y)
    alone = np.sqrt(_squared_norm(x, x) * _squared_norm(y, y))
    return float(min(shared / alone, 1.0)) if alone > 0 else float("nan")


def _centred(values: npt.ArrayLike) -> FloatArray:
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ShapeError(
            f"A layer must have the shape (pictures, channels), pictures > 1; got {table.shape}."
        )
    centred = table - table.mean(axis=0)
    size = np.abs(centred).max(initial=0.0)
    if size <= 1e-12 * np.abs(table).max(initial=0.0):
        return np.zeros_like(centred)  # rounding is all that is left
    return centred / size  # squares of squares neither overflow nor vanish


def _squared_norm(x: FloatArray, y: FloatArray) -> float:
    """||Y'X||^2 by the smaller of its two forms: channels by channels, or pictures by pictures."""
    if x.shape[1] * y.shape[1] <= len(x) ** 2:
        return float(((y.T @ x) ** 2).sum())
    return float(((x @ x.T) * (y @ y.T)).sum())
