"""How a channel's largest value in one picture compares with those in many others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError
from actviz_core.units import share_in_words

SAME = 1e-5
"""Relative difference up to which two values are the same: last digits depend on how many pictures a network
gets at once."""


@dataclass(frozen=True)
class UsualValue:
    """A channel's largest value in a picture among those in N others.

    Attributes:
        here: in this picture.
        median: of the others.
        below: the share of the others whose value is lower than here, 0 to 1; values that are the same up to
            rounding are not lower.
        lowest, highest: of the others.
        pictures: how many others there are with a finite value.
        left_out: whether the picture itself was among them, and was left out.

    """

    here: float
    median: float
    below: float
    lowest: float
    highest: float
    pictures: int
    left_out: bool = False


def usual_value(ascending: npt.ArrayLike, here: float, own: float | None = None) -> UsualValue | None:
    """Compare ``here`` with the finite values of many pictures, (N,) in ascending order.

    ``own`` is the value of the picture in hand where it may be one of these; it is left out if it is the
    same.
    None where nothing is left, or ``here`` is not finite.

    Raises:
        ShapeError: if the values are not in one row.

    """
    values = np.asarray(ascending, np.float64)
    if values.ndim != 1:
        raise ShapeError(f"Values must have the shape (pictures,); got {values.shape}.")
    if not np.isfinite(here):
        return None
    count = len(values)
    if own is not None and abs(own - here) <= 100 * SAME * abs(here):
        at = int(np.searchsorted(values, own))
        if at < count and values[at] == own:
            values = np.delete(values, at)
    if not values.size:
        return None
    below = int(np.searchsorted(values, here - SAME * abs(here), side="left"))
    return UsualValue(
        here,
        float(np.median(values)),
        below / len(values),
        float(values[0]),
        float(values[-1]),
        len(values),
        len(values) < count,
    )


def usual_sentence(usual: UsualValue, source: str) -> str:
    """What is usual for the channel, and where this picture stands; ``source`` is what people call it."""
    other, plural = "other " if usual.left_out else "", "s" if usual.pictures > 1 else ""
    which = f"the {other}{usual.pictures:,} picture{plural}"
    here = f"{usual.here:.4g}"
    if usual.pictures == 1:
        return f"Largest value here: {here}; in {which} of {source}: {usual.median:.4g}."
    if usual.highest - usual.lowest <= SAME * max(abs(usual.lowest), abs(usual.highest)):
        same = abs(usual.here - usual.median) <= SAME * abs(usual.here)
        too = "and here too" if same else f"and {here} here"
        return f"Its largest value is {usual.median:.4g} in all of {which} of {source}, {too}."
    if usual.below == 0:
        place = "higher than in none of them"
    elif usual.below == 1:
        place = "higher than in all of them"
    else:
        place = f"higher than in {share_in_words(usual.below)} of them"
    return (
        f"Usual largest value of this channel over {which} of {source}: {usual.median:.4g} (median); "
        f"here {here}, {place}."
    )
