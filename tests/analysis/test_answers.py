"""What has to be said along with the best class of an answer."""

import numpy as np
import pytest

from actviz_core.analysis import Certainty, certainty, classes_sentence, outside_sentence, top_areas, top_k
from actviz_core.tasks import Task, Training

CLASSES = ("ant", "bee", "cat")


def judged(logits: list[float], training: Training = Training.TRAINED) -> Certainty:
    return certainty(top_k(np.array(logits), CLASSES, k=1), training=training, task=Task.CLASSIFICATION)


@pytest.mark.parametrize("training", Training)
@pytest.mark.parametrize("logits", [[0, 0, 0], [2, 2, -1], [-np.inf, 1, 1]])
def test_classes_that_tie_leave_it_undecided_whatever_comes_first(
    logits: list[float], training: Training
) -> None:
    assert judged(logits, training) is Certainty.UNDECIDED


def test_ties_are_counted_among_all_classes_also_where_one_is_asked_for() -> None:
    assert top_k(np.zeros(3), CLASSES, k=1).tied == 3
    assert top_k(np.array([2.0, 2.0, -1.0]), CLASSES, k=1).tied == 2
    assert top_k(np.array([2.0, 2.0001, -1.0]), CLASSES).tied == 1
    assert top_k(np.array([np.nan, 0, 0]), CLASSES).tied == 0
    half = np.array([[[1.0, 0]], [[0, 1.0]]])
    assert top_areas(half, CLASSES[:2], k=1).tied == 2


def test_half_of_the_probability_is_the_border_of_unsure() -> None:
    assert judged([np.log(0.51), np.log(0.29), np.log(0.2)]) is Certainty.CLEAR
    assert judged([np.log(0.49), np.log(0.31), np.log(0.2)]) is Certainty.UNSURE


def test_random_weights_answer_by_chance_however_high_the_probability() -> None:
    assert judged([9, 0, 0], Training.RANDOM) is Certainty.CHANCE
    assert judged([9, 0, 0], Training.UNKNOWN) is Certainty.CLEAR


def test_areas_are_shares_of_a_picture_and_never_unsure() -> None:
    areas = top_areas(np.eye(3)[[0, 0, 1, 2, 0]].T[:, None], CLASSES, k=1)
    small = top_areas(np.eye(3)[[0, 0, 1, 1, 2, 2, 0]].T[:, None], CLASSES, k=1)
    for found in (areas, small):
        judgement = certainty(found, training=Training.TRAINED, task=Task.SEGMENTATION)
        assert judgement is Certainty.CLEAR


def test_all_classes_are_listed_as_far_as_a_person_reads() -> None:
    assert classes_sentence(CLASSES).endswith("it can name only these: ant, bee, cat.")
    many = [f"kind {index}" for index in range(1000)]
    assert "its 1,000 classes, such as kind 0," in classes_sentence(many)
    assert "kind 8" not in classes_sentence(many)
    assert "no names" in classes_sentence(())


def test_a_label_that_is_no_class_is_told_and_case_makes_no_difference() -> None:
    assert outside_sentence("dog", CLASSES) == 'None of its classes is called "dog".'
    assert outside_sentence("Cat", CLASSES) == ""
    assert outside_sentence(None, CLASSES) == ""
    assert outside_sentence("dog", ()) == ""
