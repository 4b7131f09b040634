"""What the network says: the most probable classes, or those that take most of the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError
from actviz_core.tasks import Task

SAME = 1e-9
"""Shares that differ by less than this part of themselves count as the same."""


@dataclass(frozen=True)
class TopK:
    """The k most probable classes, best first; of a segmentation, those with the largest areas.

    Attributes:
        indices, labels, probabilities: one entry a class; empty if there is a problem. Of a segmentation,
            ``probabilities`` are shares of the picture.
        problem: a sentence if there is no prediction, else None.
        tied: how many of all classes have as much as the best one, which counts; 0 if there is a problem.

    """

    indices: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    problem: str | None = None
    tied: int = 0


def top_k(logits: npt.ArrayLike, classes: Sequence[str], k: int | None = 5) -> TopK:
    """Softmax probabilities in float64 of one picture's `logits`, shape (C,) or (1, C); k None means all.

    Equal probabilities keep the order of the classes. Without a class name the label is "class 7".

    Raises:
        ShapeError: if `logits` is not one picture's row of numbers.

    """
    array = np.asarray(logits, dtype=np.float64)
    if array.size == 0 or array.ndim > 2 or (array.ndim == 2 and array.shape[0] != 1):
        raise ShapeError(f"Logits must have the shape (classes,) or (1, classes); got {array.shape}.")
    scores = array.reshape(-1)
    if (problem := _not_finite(scores)) is not None:
        return problem
    weights = np.exp(scores - scores.max())
    return _best(weights / weights.sum(), classes, k)


def top_areas(scores: npt.ArrayLike, classes: Sequence[str], k: int | None = 5) -> TopK:
    """The shares of the picture where each class has the highest score; `scores` (C, H, W) or (1, C, H, W).

    Classes that are nowhere ahead are left out, unless ``k`` is None, which means all.

    Raises:
        ShapeError: if `scores` is not one picture's map a class.

    """
    array = np.asarray(scores)
    if array.size == 0 or array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[0] != 1):
        raise ShapeError(
            f"Scores must have the shape (classes, H, W) or (1, classes, H, W); got {array.shape}."
        )
    maps = array.reshape(array.shape[-3:])
    if len(maps) < 2:
        raise ShapeError(f"One map of scores leaves no choice between classes; got {array.shape}.")
    if (problem := _not_finite(maps)) is not None:
        return problem
    counts = np.bincount(maps.argmax(axis=0).ravel(), minlength=len(maps))
    return _best(counts / counts.sum(), classes, None if k is None else min(k, int((counts > 0).sum())))


def class_names(classes: Sequence[str], count: int) -> tuple[str, ...]:
    """A name for each of ``count`` outputs: the class's own, or "class 7" where there are fewer names."""
    return tuple(classes[index] if index < len(classes) else f"class {index}" for index in range(count))


def read_prediction(
    outputs: Mapping[str, npt.NDArray[np.generic]], task: Task, classes: Sequence[str], k: int | None = 5
) -> TopK:
    """What a network says by what it returned: tensors by their place, such as ``""``, ``[out]`` or ``[0]``.

    A tensor alone, or the one called ``out`` or ``logits``, holds the answer: (1, C) of a classification,
    (1, C, H, W) of a segmentation. Anything else gives a `TopK` whose ``problem`` says why it is none.
    """
    if task is Task.FEATURES:
        return _no_prediction("This network describes pictures by numbers and names no classes.")
    named = [place for place in ("[out]", "[logits]") if place in outputs]
    places = named[:1] or list(outputs)
    if len(places) != 1:
        count = f"{len(places)} tensors" if places else "no tensor"
        return _no_prediction(f"The network returned {count}, of which none is called out or logits.")
    answer = outputs[places[0]]
    if answer.size == 1:
        return _no_prediction("The network's answer is one number, which leaves no choice between classes.")
    if answer.dtype.kind not in "fiub":
        return _no_prediction(f"The network's answer holds {answer.dtype} values, which are no scores.")
    try:
        read = top_areas if task is Task.SEGMENTATION else top_k
        return read(answer, classes, k)
    except ShapeError as error:
        return _no_prediction(f"The network's answer cannot be read as a {task}: {error}")


def _no_prediction(problem: str) -> TopK:
    return TopK((), (), (), problem)


def _not_finite(scores: npt.NDArray[Any]) -> TopK | None:
    unusable = int(np.count_nonzero(np.isnan(scores) | (scores == np.inf)))
    if not unusable and not np.isneginf(scores).all():
        return None
    count = unusable or scores.size
    said = "1 value that is" if count == 1 else f"{count:,} values that are"
    return _no_prediction(f"The network's answer holds {said} not finite, so there are no probabilities.")


def _best(shares: npt.NDArray[np.float64], classes: Sequence[str], k: int | None) -> TopK:
    best = np.argsort(-shares, kind="stable")[:k]
    names = class_names(classes, len(shares))
    labels = tuple(names[index] for index in best)
    tied = int(np.count_nonzero(shares >= shares.max() * (1 - SAME)))
    return TopK(tuple(best.tolist()), labels, tuple(shares[best].tolist()), tied=tied)
