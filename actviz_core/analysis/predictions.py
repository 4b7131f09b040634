"""What the network says: the most probable classes from its logits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError


@dataclass(frozen=True)
class TopK:
    """The k most probable classes, best first.

    Attributes:
        indices, labels, probabilities: one entry a class; empty if there is a problem.
        problem: a sentence if the logits allow no probabilities, else None.

    """

    indices: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    problem: str | None = None


def top_k(logits: npt.ArrayLike, classes: Sequence[str], k: int = 5) -> TopK:
    """Softmax probabilities in float64 of one picture's `logits`, shape (C,) or (1, C).

    Equal probabilities keep the order of the classes. Without a class name the label is "class 7".

    Raises:
        ShapeError: if `logits` is not one picture's row of numbers.

    """
    array = np.asarray(logits, dtype=np.float64)
    if array.size == 0 or array.ndim > 2 or (array.ndim == 2 and array.shape[0] != 1):
        raise ShapeError(f"Logits must have the shape (classes,) or (1, classes); got {array.shape}.")
    scores = array.reshape(-1)
    unusable = int(np.count_nonzero(np.isnan(scores) | (scores == np.inf)))
    if unusable or np.isneginf(scores).all():
        count = unusable or scores.size
        said = "1 value that is" if count == 1 else f"{count:,} values that are"
        problem = f"The network's answer holds {said} not finite, so there are no probabilities."
        return TopK((), (), (), problem)
    weights = np.exp(scores - scores.max())
    probabilities = weights / weights.sum()
    best = np.argsort(-probabilities, kind="stable")[:k]
    labels = tuple(classes[index] if index < len(classes) else f"class {index}" for index in best)
    return TopK(tuple(best.tolist()), labels, tuple(probabilities[best].tolist()))
