"""The confusion matrix and the calibration as figures: counts where they belong, and cells that answer."""

import numpy as np
import pytest

from actviz_core.analysis.calibration import calibration
from actviz_core.errors import ShapeError
from actviz_core.figures import calibration_figure, confusion_figure


def test_counts_stand_in_their_cells_and_colours_are_of_mistakes_alone() -> None:
    counts = np.array([[50, 2, 0], [7, 40, 1]])
    figure = confusion_figure(counts, ["cat", "dog"], ["cat", "dog", "tree"])
    heatmap, numbers = figure.data
    np.testing.assert_array_equal(heatmap.z, counts)
    assert (heatmap.zmin, heatmap.zmax) == (0, 7)
    assert [*numbers.text] == ["50", "2", "0", "7", "40", "1"]
    assert [*zip(numbers.x, numbers.y, strict=True)] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert [*figure.layout.xaxis.ticktext] == ["cat", "dog", "tree"]
    assert [*figure.layout.yaxis.ticktext] == ["cat", "dog"]
    (panel,) = figure.layout.meta["panels"]
    assert (panel["items"], panel["across"]) == ([0, 1, 2, 3, 4, 5], 3)
    assert panel["labels"][1:4] == [
        "cat, taken for dog: 2",
        "cat, taken for tree: 0",
        "dog, taken for cat: 7",
    ]
    assert panel["labels"][4] == "dog, named right: 40"


def test_names_that_look_like_markup_stay_text() -> None:
    figure = confusion_figure(np.eye(1, dtype=int), ["<b>cat</b>"])
    assert "<b>" not in figure.layout.yaxis.ticktext[0]


def test_a_matrix_without_its_names_is_refused() -> None:
    with pytest.raises(ShapeError, match="2 classes and 3 answers"):
        confusion_figure(np.zeros((2, 2)), ["a", "b"], ["a", "b", "c"])


def test_calibration_has_a_bar_for_each_bin_with_pictures() -> None:
    found = calibration(np.array([0.05, 0.05, 0.95]), np.array([True, False, True]), bins=10)
    figure = calibration_figure(found)
    np.testing.assert_allclose(figure.data[0].x, [0.05, 0.95])
    np.testing.assert_allclose(figure.data[0].y, [0.5, 1.0])
    assert "2 pictures" in figure.data[0].hovertext[0]
