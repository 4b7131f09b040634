"""An outline that somebody drew around points: which ones lie in it, and the same with fewer corners."""

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]


def inside(points: npt.ArrayLike, outline: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which of `points`, (N, 2), lie within `outline`, (K, 2) corners in order, the last joined to the first.

    By the even-odd rule: a ray from the point crosses the outline an odd number of times (Shimrat 1962,
    doi:10.1145/368637.368653). Points that are not finite lie outside.

    Raises:
        ShapeError: if they have other shapes, or there are fewer than three corners.

    """
    x, y = _pairs(points).T
    corners = _pairs(outline)
    if len(corners) < 3:
        raise ShapeError(f"An outline has three corners or more; got {len(corners)}.")
    found = np.zeros(len(x), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        found ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return found


def simplified(outline: npt.ArrayLike, most: int) -> FloatArray:
    """At most so many of an outline's corners, (K, 2): those without which it would change most.

    The corner that spans the smallest triangle with its neighbours goes first (Visvalingam and Whyatt 1993,
    doi:10.1179/000870493786962263).

    Raises:
        ShapeError: if it has another shape.

    """
    corners = _pairs(outline)
    while len(corners) > max(3, most):
        before, after = np.roll(corners, 1, axis=0) - corners, np.roll(corners, -1, axis=0) - corners
        areas = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
        corners = np.delete(corners, int(areas.argmin()), axis=0)
    return corners


def _pairs(values: npt.ArrayLike) -> FloatArray:
    pairs = np.asarray(values, np.float64)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ShapeError(f"Points of a plane must have the shape (points, 2); got {pairs.shape}.")
    return pairs
