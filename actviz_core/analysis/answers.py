"""How far an answer can be relied on: by chance, undecided, unsure, or none of these."""

from collections.abc import Sequence
from enum import StrEnum

from actviz_core.analysis.predictions import TopK
from actviz_core.tasks import Task, Training

UNSURE_BELOW = 0.5
"""Below this probability all other classes together have more than the best one."""

UNSURE_RULE = "Below 50 % it is called unsure: all other classes together then have more than this one."

LISTED = 20
"""Up to this many classes are listed one by one."""

SOME = 8
"""How many classes stand for all, where there are more."""


class Certainty(StrEnum):
    """What has to be said along with the best class."""

    UNDECIDED = "undecided"
    CHANCE = "by chance"
    UNSURE = "unsure"
    CLEAR = "clear"


def certainty(prediction: TopK, *, training: Training, task: Task) -> Certainty:
    """How far the best class of a prediction can be relied on; ``prediction`` must have one.

    Undecided where other classes have as much as the best one. By chance where the weights are random.
    Unsure where a classification gives the best class less than `UNSURE_BELOW`.
    """
    if prediction.tied > 1:
        return Certainty.UNDECIDED
    if training is Training.RANDOM:
        return Certainty.CHANCE
    if task is Task.CLASSIFICATION and prediction.probabilities[0] < UNSURE_BELOW:
        return Certainty.UNSURE
    return Certainty.CLEAR


def classes_sentence(classes: Sequence[str]) -> str:
    """What a network with these classes can name at all."""
    if not classes:
        return "It says numbers: its classes have no names here."
    if len(classes) <= LISTED:
        return f"Whatever the picture shows, it can name only these: {', '.join(classes)}."
    some = ", ".join(classes[:SOME])
    return f"Whatever the picture shows, it can name only its {len(classes):,} classes, such as {some}."


def outside_sentence(label: str | None, classes: Sequence[str]) -> str:
    """That no class has the picture's label for its name; empty where one has, or nothing is known."""
    if label is None or not classes or label.casefold() in {name.casefold() for name in classes}:
        return ""
    return f'None of its classes is called "{label}".'
