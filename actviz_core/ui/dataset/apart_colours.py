"""What colours the points of a map of pictures."""

from enum import StrEnum

import numpy as np

from actviz_core.figures.colors import LABEL, NEUTRAL
from actviz_core.figures.picture_map import PALETTE, PointGroup
from actviz_core.sweep.map_pictures import NO_ANSWER, NO_LABEL, MapPictures, name_of

WRONG = "#d62728"


class ColorBy(StrEnum):
    """What the points' colours stand for."""

    CLASS = "class"
    ANSWER = "answer"
    RIGHT = "right"
    CHANNEL = "channel"


def groups_of(pictures: MapPictures, color: ColorBy) -> list[PointGroup]:
    """The pictures by class, by answer, or by whether the answer is right, each group with a colour."""
    if color is ColorBy.RIGHT:
        wrong = pictures.judged & ~pictures.right
        return [
            PointGroup("not judged", NEUTRAL, np.flatnonzero(~pictures.judged)),
            PointGroup("right", LABEL, np.flatnonzero(pictures.right)),
            PointGroup("wrong", WRONG, np.flatnonzero(wrong), "x"),
        ]
    by_class = color is ColorBy.CLASS
    numbers = pictures.labels if by_class else pictures.answers
    names = pictures.label_names if by_class else pictures.answer_names
    found, counts = np.unique(numbers[numbers >= 0], return_counts=True)
    if len(found) > len(PALETTE):  # the most frequent ones have colours of their own
        found = np.sort(found[np.argsort(-counts, kind="stable")[: len(PALETTE)]])
    # With the ten classes of CIFAR-10, a class has the same colour as label and as answer.
    few = int(numbers.max(initial=-1)) < len(PALETTE)
    groups = [
        PointGroup(
            name_of(names, int(number)),
            PALETTE[int(number) if few else at],
            np.flatnonzero(numbers == number),
        )
        for at, number in enumerate(found)
    ]
    rest = np.flatnonzero((numbers >= 0) & ~np.isin(numbers, found))
    none = NO_LABEL if by_class else NO_ANSWER
    return [
        PointGroup(none, NEUTRAL, np.flatnonzero(numbers < 0), "circle-open"),
        PointGroup("other classes", NEUTRAL, rest),
        *groups,
    ]
