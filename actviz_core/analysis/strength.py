"""One scale in words for how far channels go from zero, measured by the layer they belong to."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

NEARLY_SILENT = 0.01
"""Up to this part of the layer's largest distance from zero, values count as next to nothing."""

STRONG = 0.5
"""From this part of the layer's largest distance from zero on, a channel is strong.

In red and blue about zero that is the outer half of the colour scale; after a ReLU, the upper half.
"""


class Strength(StrEnum):
    """How far a channel goes from zero anywhere in the picture.

    The border between two words is a part of the largest distance from zero that any finite value of the
    layer has: `NEARLY_SILENT`, `STRONG`. Values that are not finite are left out, but a channel that holds
    some is never called silent or nearly silent: there it is unknown.
    """

    SILENT = "silent"
    NEARLY_SILENT = "nearly silent"
    WEAK = "weak"
    STRONG = "strong"
    UNKNOWN = "unknown"


RULES = {
    Strength.SILENT: "zero everywhere",
    Strength.NEARLY_SILENT: "never beyond 1 % of the layer's largest distance from zero",
    Strength.WEAK: "beyond 1 %, but never half as far from zero as the layer's largest value",
    Strength.STRONG: "at least half as far from zero as the layer's largest value",
    Strength.UNKNOWN: "holds values that are not finite, and hardly any others",
}
"""What each word stands for."""


def strengths(
    reach: npt.NDArray[np.float64], *, active: npt.NDArray[np.bool_], flawed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.str_]:
    """The word of each channel, shape (C,), an array of `Strength`'s texts.

    Args:
        reach: the channel's largest distance from zero, (C,); NaN where it holds no finite value.
        active: whether a channel goes beyond `NEARLY_SILENT`, (C,).
        flawed: whether a channel holds values that are not finite, (C,).

    """
    largest = float(np.nan_to_num(reach).max())
    words = [
        (active & (reach >= STRONG * largest), Strength.STRONG),
        (active, Strength.WEAK),
        (flawed, Strength.UNKNOWN),
        (reach == 0, Strength.SILENT),
    ]
    conditions, names = zip(*words, strict=True)
    return np.select(list(conditions), [name.value for name in names], Strength.NEARLY_SILENT.value)
