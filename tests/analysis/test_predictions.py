"""Predictions: shares of a picture, and what a network's odd outputs come to."""

import numpy as np
import pytest

from actviz_core.analysis import read_prediction, top_areas
from actviz_core.errors import ShapeError
from actviz_core.tasks import Task

CLASSES = ("background", "bird", "cat")


def scores(labels: list[list[int]], count: int = 3) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Maps (1, count, H, W) where the class that is given for each pixel is ahead."""
    maps: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = np.eye(count, dtype=np.float32)[labels]
    return maps.transpose(2, 0, 1)[None]


def test_areas_are_shares_of_the_picture_largest_first() -> None:
    found = top_areas(scores([[0, 0, 2, 2], [0, 0, 0, 2]]), CLASSES)
    assert found.labels == ("background", "cat")
    assert found.indices == (0, 2)
    assert found.probabilities == (0.625, 0.375)
    assert found.problem is None


def test_classes_that_are_nowhere_come_last_and_only_if_all_are_wanted() -> None:
    maps = scores([[1, 1], [1, 2]])[0]
    assert top_areas(maps, CLASSES, k=1).labels == ("bird",)
    assert top_areas(maps, CLASSES, k=None).labels == ("bird", "cat", "background")
    assert top_areas(maps, CLASSES[:1], k=2).labels == ("class 1", "class 2")


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (3, 4), (1, 4, 4), (1, 1, 4, 4), (3, 0, 4)])
def test_areas_need_one_pictures_map_a_class(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        top_areas(np.zeros(shape, np.float32), CLASSES)


def test_maps_with_values_that_are_not_finite_have_no_areas() -> None:
    maps = scores([[0, 1], [1, 1]])
    maps[0, 1, 0, 0] = np.nan
    found = top_areas(maps, CLASSES)
    assert (found.labels, found.problem) == (
        (),
        "The network's answer holds 1 value that is not finite, so there are no probabilities.",
    )


def test_out_is_the_answer_beside_an_auxiliary_one() -> None:
    outputs = {"[out]": scores([[2, 2]]), "[aux]": scores([[1, 1]])}
    assert read_prediction(outputs, Task.SEGMENTATION, CLASSES, 1).labels == ("cat",)
    assert read_prediction({"": scores([[2, 2]])}, Task.SEGMENTATION, CLASSES, 1).labels == ("cat",)


def test_a_row_of_logits_is_no_segmentation_and_says_so() -> None:
    found = read_prediction({"": np.zeros((1, 3))}, Task.SEGMENTATION, CLASSES)
    assert found.labels == ()
    assert "cannot be read as a segmentation: Scores must have the shape" in (found.problem or "")
