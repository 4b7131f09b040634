"""Which channels do nothing, do the same as others, or tell of the class, over many pictures.

Tables have a row for each picture that was swept: of a run, leave out the others by its ``swept``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

TWINS = 0.95
"""Channels whose means over the pictures correlate above this are twins."""


@dataclass(frozen=True)
class Twins:
    """Two channels that do the same; ``correlation`` is Pearson's, of their means over the pictures."""

    first: int
    second: int
    correlation: float


def twin_channels(mean: npt.ArrayLike, above: float = TWINS) -> tuple[Twins, ...]:
    """Pairs of channels whose means (N, C) correlate above ``above``, most alike first.

    A channel whose mean never changes has no correlation, and no twin.
    """
    values = _table(mean).astype(np.float64)
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    changes = length > 1e-7 * np.sqrt(len(values)) * np.maximum(np.abs(values).max(axis=0), 1e-30)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=changes)
    correlation = unit.T @ unit
    pairs = [
        Twins(int(first), int(second), float(min(correlation[first, second], 1.0)))
        for first, second in np.argwhere(np.triu(correlation > above, 1))
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.correlation, pair.first, pair.second)))


def class_share(mean: npt.ArrayLike, labels: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How much of each channel's variance over the pictures the class explains, (C,) from 0 to 1.

    The correlation ratio (eta squared): the variance between the classes' averages of ``mean`` (N, C) as a
    share of all of it. Pictures with the label -1 are left out; NaN where nothing varies.
    """
    values, given = _table(mean).astype(np.float64), np.asarray(labels)
    if given.shape != values.shape[:1]:
        raise ShapeError(f"There must be a label for each of {len(values)} pictures; got {given.shape}.")
    values, given = values[given >= 0], given[given >= 0]
    centred = values - values.mean(axis=0) if len(values) else values
    whole = (centred**2).sum(axis=0)
    between = np.zeros(values.shape[1])
    for label in np.unique(given):
        of_class = centred[given == label]
        between += len(of_class) * of_class.mean(axis=0) ** 2
    shares = np.full(values.shape[1], np.nan)
    return np.minimum(np.divide(between, whole, out=shares, where=whole > 0), 1.0)


def _table(values: npt.ArrayLike) -> npt.NDArray[Any]:
    table = np.asarray(values)
    if table.ndim != 2 or not len(table):
        raise ShapeError(f"Values must have the shape (pictures, channels) with pictures; got {table.shape}.")
    return table


@dataclass(frozen=True, eq=False)
class LayerHealth:
    """What the C channels of one layer do over N pictures.

    Attributes:
        pictures: N.
        silent: (C,) int64, in how many pictures every cell of a channel is exactly zero.
        full: (C,) int64, in how many every cell is active.
        twins: pairs of channels that do the same.
        tells: (C,), how much of a channel's variance the class explains, 0 to 1; NaN where that is unknown.

    """

    pictures: int
    silent: npt.NDArray[np.int64]
    full: npt.NDArray[np.int64]
    twins: tuple[Twins, ...]
    tells: npt.NDArray[np.float64]

    def at_least(self, counts: npt.NDArray[np.int64], share: float = 1.0) -> npt.NDArray[np.int64]:
        """The channels whose count is at least this share of the pictures; none without pictures."""
        if not self.pictures:
            return np.empty(0, np.int64)
        return np.flatnonzero(counts >= share * self.pictures).astype(np.int64)


def layer_health(
    mean: npt.ArrayLike,
    silent: npt.NDArray[np.int64],
    full: npt.NDArray[np.int64],
    labels: npt.ArrayLike,
) -> LayerHealth:
    """Judge a layer from the means over its maps, (N, C), and two counts a channel; ``labels`` (N,), -1 none.

    Pictures with a mean that is no finite number tell nothing of twins and classes. Raises `ShapeError`.
    """
    table = _table(mean)
    usable = np.isfinite(table).all(axis=1)
    values, given = table[usable], np.asarray(labels)[usable]
    if not len(values):
        return LayerHealth(0, silent, full, (), np.full(table.shape[1], np.nan))
    several = len(np.unique(given[given >= 0])) > 1
    tells = class_share(values, given) if several else np.full(values.shape[1], np.nan)
    return LayerHealth(len(values), silent, full, twin_channels(values), tells)
