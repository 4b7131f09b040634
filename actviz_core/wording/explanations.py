"""What the page Why says of a map, in sentences made from the numbers alone."""

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.agreement import HARDLY_CHANGES
from actviz_core.attribution import MapTest
from actviz_core.units import percent

TOLD_SHARE = 0.1
"""The share of pixels that the sentence tells of."""

LITTLE = 0.05
"""Below this share a class is called unlikely."""

RULE = (
    "The pixels are covered with a blurred copy of the picture, those that the map marks most first, and the "
    "network runs again: 1, 2, 5, 10, 20 and 50 % of them. The class should fall faster than with pixels in "
    "random order. What counts is the area under the line, against each of 10 random orders."
)

SAME_EVERYWHERE = (
    "The map is the same everywhere, so it marks nothing: its pixels are covered in random order."
)


def covering_sentence(test: MapTest, name: str, against: str | None = None) -> str:
    """How far the class falls when what the map marks is covered, and when as much at random is.

    ``against`` is the other of two classes; shares are then those among the two alone.
    """
    at = test.deletion.shares.index(TOLD_SHARE)
    before, after = test.deletion.probabilities[0], test.deletion.probabilities[at]
    chance = test.random.deletion.probabilities[at]
    little = f" There is little to fall: {name} is unlikely to begin with." if before < LITTLE else ""
    share, of = percent(TOLD_SHARE), "" if against is None else f" (of {name} and {against} alone)"
    return (
        f"Covering the {share} that this map marks takes {name}{of} from {percent(before)} to "
        f"{percent(after)}; covering a random {share} takes it to {percent(chance)}.{little}"
    )


def verdict_sentence(test: MapTest, name: str) -> str:
    """Whether the map is better than random order, by the area under deletion."""
    orders, beaten = len(test.random.areas), test.beaten
    if not test.better_than_random:
        return (
            f"This map is no better than random: {orders - beaten} of {orders} random orders of pixels take "
            f"{name} down as far or further."
        )
    if beaten < orders:
        return (
            f"This map is little better than random: it takes {name} down further than {beaten} of {orders} "
            "random orders of pixels."
        )
    return (
        f"This map is better than random: it takes {name} down further than all {orders} random orders of "
        "pixels."
    )


def map_sentence(values: npt.NDArray[np.floating]) -> str:
    """What has to be said of the map's own values before its test; empty if nothing has."""
    if np.isfinite(values).all() and values.min() == values.max():
        return SAME_EVERYWHERE
    return ""


def agreement_sentence(agreement: float | None, title: str) -> str:
    """How far the map is the same on the network with random weights."""
    if agreement is None:
        return (
            "With random weights, one of the two maps is the same everywhere or holds no usable value, so "
            "they cannot be compared."
        )
    told = f"With random weights {title} puts the pixels in an order that agrees with this one by"
    told = f"{told} {agreement:.2f} (1: the same order, 0: unrelated)."
    if agreement >= HARDLY_CHANGES:
        return f"{told} The map hardly changes: it is an edge picture, and says little of what was learned."
    return f"{told} So the map depends on what was learned."
