"""Reads what was measured of the bundled weights back from their model card and their log."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from actviz_core.analysis.accuracy import frequent_mistakes
from actviz_core.errors import WeightsError
from actviz_core.models.cifar_resnet20.checkpoints import FOLDER, REPAIR
from actviz_core.samples.cifar10_classes import CLASSES

CARD, LOG = "MODEL_CARD.md", "log.csv"
_HEAD = re.compile(r"^cifar-resnet20@(\S+) on (\S+): [\d.]+% \((\d+) of (\d+)\)$")


@dataclass(frozen=True, eq=False)
class Measured:
    """One checkpoint on one set of pictures.

    ``confusion`` (10, 10) int64 counts the pictures of each true class (rows) by predicted class (columns).
    """

    weights: str
    pictures: str
    confusion: npt.NDArray[np.int64]

    @property
    def right(self) -> int:
        """How many pictures were named right."""
        return int(np.trace(self.confusion))

    @property
    def total(self) -> int:
        """How many pictures there were."""
        return int(self.confusion.sum())


@dataclass(frozen=True)
class Epoch:
    """The accuracies after one pass over the training pictures, 0 to 1."""

    number: int
    training: float
    validation: float


def read_card(folder: Path | None = None) -> str:
    """The model card as Markdown. Raises `WeightsError` where it is missing."""
    path = (folder or FOLDER) / CARD
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WeightsError(f"{path} is missing or cannot be read. {REPAIR}") from error


def measured(folder: Path | None = None) -> tuple[Measured, ...]:
    """The confusion matrices of a model card, in its order: the set that counts comes first.

    Raises `WeightsError` where there is none, or one does not add up.
    """
    try:
        found = tuple(_reports(read_card(folder).splitlines()))
    except ValueError as error:
        raise WeightsError(f"The model card is damaged: {error}. {REPAIR}") from error
    if not found:
        raise WeightsError(f"The model card has no confusion matrix. {REPAIR}")
    return found


def epochs(folder: Path | None = None) -> tuple[Epoch, ...]:
    """The epochs of the training after which the accuracy was measured. Raises `WeightsError`."""
    path = (folder or FOLDER) / LOG
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        return tuple(
            Epoch(int(row["epoch"]), float(row["train_accuracy"]), float(row["validation_accuracy"]))
            for row in rows
            if row["train_accuracy"] and row["validation_accuracy"]
        )
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(f"{path} is missing or damaged ({error}). {REPAIR}") from error


def most_confused(confusion: npt.NDArray[np.int64], pairs: int = 3) -> list[tuple[str, str, int]]:
    """The most frequent mistakes: true class, what it was taken for, and how often."""
    right = np.eye(len(CLASSES), dtype=bool)
    return [
        (CLASSES[true], CLASSES[said], count)
        for true, said, count in frequent_mistakes(confusion, right, pairs)
    ]


def _reports(lines: Iterable[str]) -> Iterable[Measured]:
    """Find what `report` wrote: a head, a blank line, two lines of headings, and a row a class."""
    lines = list(lines)
    for start, line in enumerate(lines):
        head = _HEAD.match(line)
        if head is None:
            continue
        rows = [row.split() for row in lines[start + 4 : start + 4 + len(CLASSES)]]
        if [row[0] for row in rows if row] != list(CLASSES):
            raise ValueError(f"the matrix of {head[2]} is not complete")
        confusion = np.array([[int(count) for count in row[1:]] for row in rows], np.int64)
        found = Measured(head[1], head[2], confusion)
        if confusion.shape != (len(CLASSES),) * 2 or (found.right, found.total) != (
            int(head[3]),
            int(head[4]),
        ):
            raise ValueError(f"the matrix of {head[2]} does not add up")
        yield found
