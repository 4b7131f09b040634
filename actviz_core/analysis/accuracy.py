"""How often answers are right: accuracy, by class, and which classes are taken for which."""

from typing import Any

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

IntArray = npt.NDArray[np.integer[Any]]


def accuracy(answers: IntArray, labels: IntArray) -> float | None:
    """The share of labelled pictures with the right answer, 0 to 1; both (N,), a label of -1 is none.

    None where no picture has a label.
    """
    labelled = labels >= 0
    count = int(labelled.sum())
    return int((answers[labelled] == labels[labelled]).sum()) / count if count else None


def top_accuracy(answers: IntArray, labels: IntArray, k: int) -> float | None:
    """The share of labelled pictures whose label is among the first ``k`` of ``answers`` (N, K), or None."""
    labelled = labels >= 0
    count = int(labelled.sum())
    right = (answers[labelled, :k] == labels[labelled, None]).any(axis=1)
    return int(right.sum()) / count if count else None


def confusion_matrix(answers: IntArray, labels: IntArray, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Count pictures by label (rows) and answer (columns): ``shape``, int64; -1 in either counts nowhere.

    Raises:
        ShapeError: if they are not of one length, or hold what ``shape`` has no room for.

    """
    rows, columns = shape
    if answers.shape != labels.shape or answers.ndim != 1:
        raise ShapeError(f"Answers {answers.shape} and labels {labels.shape} must both have the shape (N,).")
    known = (answers >= 0) & (labels >= 0)
    row, column = labels[known].astype(np.int64), answers[known].astype(np.int64)
    if len(row) and (row.max() >= rows or column.max() >= columns):
        raise ShapeError(
            f"A matrix of {rows} x {columns} has no room for label {row.max()} and answer {column.max()}."
        )
    counts: npt.NDArray[np.int64] = np.bincount(row * columns + column, minlength=rows * columns)
    return counts.reshape(rows, columns)


def frequent_mistakes(
    confusion: npt.NDArray[np.int64], right: npt.NDArray[np.bool_], pairs: int = 3
) -> list[tuple[int, int, int]]:
    """The most frequent mistakes as row, column and count, most frequent first; equal ones in their order.

    ``right`` (K, C) says which cells of ``confusion`` (K, C) are right answers.

    Raises:
        ShapeError: if the two have different shapes.

    """
    if confusion.shape != right.shape:
        raise ShapeError(f"Counts {confusion.shape} and right answers {right.shape} must have one shape.")
    mistakes = np.where(right, 0, confusion)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:pairs]
    places = [divmod(int(place), mistakes.shape[1]) for place in order]
    return [(row, column, int(mistakes[row, column])) for row, column in places if mistakes[row, column]]


def confusion_part(
    confusion: npt.NDArray[np.int64], right: npt.NDArray[np.bool_], most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows and columns of a large matrix that are worth drawing, at most so many of each.

    Rows are labels with pictures; of too many, those with the most mistakes. Columns are the right answers of
    these rows, in their order, then the most frequent other answers to them.
    """
    counts = confusion.sum(axis=1)
    rows = np.flatnonzero(counts)
    if len(rows) > most:
        mistakes = np.where(right, 0, confusion).sum(axis=1)[rows]
        rows = np.sort(rows[np.argsort(-mistakes, kind="stable")[:most]])
    own = [int(column) for row in rows for column in np.flatnonzero(right[row])]
    said = confusion[rows].sum(axis=0)
    others = [
        int(column) for column in np.argsort(-said, kind="stable") if said[column] and column not in own
    ]
    return rows, np.array([*own, *others][:most], np.int64)
