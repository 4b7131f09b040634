"""The pictures of a run as points of a map: which are drawn, and what is said of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.sweep.run import Run
from actviz_core.units import percent

IntArray = npt.NDArray[np.int64]

MOST = 10_000
"""So many pictures are drawn; of more, as many evenly spaced ones."""

NO_LABEL, NO_ANSWER = "no label", "no answer"


@dataclass(frozen=True, eq=False)
class MapPictures:
    """The pictures that a map draws.

    Attributes:
        indices: (N,) which of the run's they are.
        labels, answers: (N,) the class of each, and the one that the network answers; -1 without one.
        label_names, answer_names: what these are called.
        right: (N,) whether the answer is the label; ``judged`` (N,) whether that can be told.
        sureness: (N,) the answer's probability, NaN without an answer.

    """

    indices: IntArray
    labels: IntArray
    answers: IntArray
    label_names: tuple[str, ...]
    answer_names: tuple[str, ...]
    right: npt.NDArray[np.bool_]
    judged: npt.NDArray[np.bool_]
    sureness: npt.NDArray[np.float32]

    def label(self, at: int) -> str:
        """The name of a picture's class."""
        return self.label_names[self.labels[at]] if self.labels[at] >= 0 else NO_LABEL

    def answer(self, at: int) -> str:
        """The name of the class that the network answers."""
        return name_of(self.answer_names, int(self.answers[at]))

    def words(self, at: int) -> str:
        """What a picture shows and what the network says of it: ``cat, taken for dog, 98 %``."""
        if self.answers[at] < 0:
            return f"{self.label(at)}, {NO_ANSWER}"
        said = "named right" if self.right[at] else f"taken for {self.answer(at)}"
        return f"{self.label(at)}, {said}, {percent(float(self.sureness[at]))}"


def name_of(names: Sequence[str], index: int) -> str:
    """The name of a class; its number where it has none."""
    if index < 0:
        return NO_ANSWER
    return names[index] if index < len(names) else f"class {index}"


def pictures_of(run: Run, most: int = MOST) -> MapPictures:
    """The run's pictures, or ``most`` evenly spaced ones of them."""
    count = len(run)
    indices = np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)
    judged = (run.known_labels >= 0) & (run.answers[:, 0] >= 0)
    return MapPictures(
        indices,
        np.where(run.swept, run.labels, -1)[indices].astype(np.int64),
        run.answers[indices, 0].astype(np.int64),
        run.manifest.labels,
        run.manifest.classes,
        (judged & (run.said[:, 0] == run.known_labels))[indices],
        judged[indices],
        np.asarray(run.probabilities[indices, 0]),
    )
