"""How far a layer tells classes apart: whether the most similar other picture is of the same class."""

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

AT_ONCE = 1 << 22
"""Distances that are worked out at once: 32 MB."""

TIED = 1e-12
"""Squared distances that differ by less than this share of the values' squares count as equal."""


def neighbour_agreement(values: npt.ArrayLike, labels: npt.ArrayLike) -> float | None:
    """The share of pictures whose most similar other picture is of the same class, 0 to 1.

    That is the accuracy of the nearest-neighbour rule (Cover and Hart 1967, doi:10.1109/TIT.1967.1053964)
    with each picture left out once. Similar are those with the smallest Euclidean distance over all channels
    of `values` (N, C); where several are equally near, their share of the class counts. `labels` (N,) holds
    -1 for a picture without a label; such pictures, and those whose values are not all finite, are left out.
    None where fewer than two are left.

    Raises:
        ShapeError: if there is not one row and one label a picture.

    """
    table, classes = np.asarray(values), np.asarray(labels)
    if table.ndim != 2 or classes.shape != (len(table),):
        raise ShapeError(
            f"A layer of shape (pictures, channels) needs a label a picture; got {table.shape} and "
            f"{classes.shape}."
        )
    kept = (classes >= 0) & np.isfinite(table).all(axis=1)
    classes = classes[kept]
    if len(classes) < 2:
        return None
    points = table[kept].astype(np.float64)
    points -= points.mean(axis=0)
    points /= np.abs(points).max() or 1.0  # squares neither overflow nor vanish
    squares = np.einsum("nc,nc->n", points, points)
    largest = squares.max()
    agreeing = 0.0
    step = max(1, AT_ONCE // len(points))
    for start in range(0, len(points), step):
        part = slice(start, start + step)
        rows = np.arange(len(points[part]))
        distances = squares[part, None] + squares - 2 * (points[part] @ points.T)
        distances[rows, start + rows] = np.inf  # nobody is their own neighbour
        near = distances.min(axis=1) + TIED * (squares[part] + largest)
        nearest = distances <= near[:, None]
        same = nearest & (classes[part, None] == classes)
        agreeing += float((same.sum(axis=1) / nearest.sum(axis=1)).sum())
    return agreeing / len(classes)


def chance_agreement(labels: npt.ArrayLike) -> float | None:
    """The share that chance would give: that another picture is of the same class, over `labels` (N,).

    A label of -1 is none. None where fewer than two pictures have one.
    """
    classes = np.asarray(labels)
    _, counts = np.unique(classes[classes >= 0], return_counts=True)
    total = int(counts.sum())
    return int((counts * (counts - 1)).sum()) / (total * (total - 1)) if total > 1 else None
