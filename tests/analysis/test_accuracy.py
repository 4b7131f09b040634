"""Accuracy, confusion and calibration count what they say."""

import numpy as np
import pytest

from actviz_core.analysis import accuracy, calibration, confusion_matrix, top_accuracy
from actviz_core.errors import ShapeError

LABELS = np.array([0, 0, 1, 2, -1, 2])
ANSWERS = np.array([0, 1, 1, -1, 2, 2])


def test_only_labelled_pictures_count_and_no_answer_is_no_right_one() -> None:
    assert accuracy(ANSWERS, LABELS) == 3 / 5
    assert accuracy(ANSWERS, np.full(6, -1)) is None
    ranked = np.stack([ANSWERS, [1, 0, 2, 2, 0, 1]], axis=1)
    assert top_accuracy(ranked, LABELS, 1) == 3 / 5
    assert top_accuracy(ranked, LABELS, 2) == 1


def test_the_confusion_matrix_has_labels_as_rows() -> None:
    counts = confusion_matrix(ANSWERS, LABELS, (3, 3))
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="no room for label 2 and answer 2"):
        confusion_matrix(ANSWERS, LABELS, (2, 3))
    with pytest.raises(ShapeError, match="must both have the shape"):
        calibration(np.zeros(3), np.zeros(4, np.bool_))


def test_calibration_weighs_each_bins_gap_by_its_pictures() -> None:
    found = calibration([0.5, 0.9, 0.95, 1.0, 0.0], [True, True, False, True, False], bins=2)
    assert found.count.tolist() == [2, 3]
    assert found.confidence == pytest.approx([0.25, 2.85 / 3])
    assert found.accuracy == pytest.approx([0.5, 2 / 3])
    assert found.error == pytest.approx((2 * 0.25 + 3 * (0.95 - 2 / 3)) / 5)


def test_pictures_without_an_answer_are_in_no_bin() -> None:
    found = calibration([0.9, np.nan, 0.4], [True, False, True], bins=2)
    assert found.count.tolist() == [1, 1]
    assert found.error == pytest.approx((0.1 + 0.6) / 2)
    assert np.isnan(calibration([np.nan], [False]).error)


def test_a_network_that_is_right_as_often_as_it_says_has_no_error() -> None:
    probabilities = np.repeat([0.25, 0.75], 40)
    right = np.concatenate([np.arange(40) < 10, np.arange(40) < 30])
    assert calibration(probabilities, right, bins=10).error == pytest.approx(0)
    assert np.isnan(calibration([], []).error)
