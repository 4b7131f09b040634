"""Small lines of how a class reacts, and bars that choose a class."""

import numpy as np
import pytest

from actviz_core.errors import ShapeError
from actviz_core.figures import Line, class_picker, covering_curves

SHARES = (0, 0.1, 0.5)


def test_lines_hold_the_probabilities_and_random_ones_are_dotted() -> None:
    lines = [Line("covered", (0.9, 0.5, 0.1), covered=True, chance=False)]
    lines.append(Line("at random", (0.9, 0.8, 0.7), covered=True, chance=True))
    drawn = covering_curves(SHARES, lines, quantity="cat")
    assert [list(trace.y) for trace in drawn.data] == [[0.9, 0.5, 0.1], [0.9, 0.8, 0.7]]
    assert [trace.line.dash for trace in drawn.data] == ["solid", "dot"]
    assert all(list(trace.x) == list(SHARES) for trace in drawn.data)
    assert drawn.layout.yaxis.range[1] > 1


def test_an_unlikely_class_fills_the_figure_too() -> None:
    line = Line("covered", (0.01, 0.02, 0.0), covered=True, chance=False)
    low, high = covering_curves(SHARES, [line], quantity="cat").layout.yaxis.range
    assert low < 0 < 0.02 < high < 0.03


def test_a_line_needs_a_value_a_share() -> None:
    with pytest.raises(ShapeError, match="3 values"):
        covering_curves(SHARES, [Line("covered", (1, 0), covered=True, chance=False)], quantity="cat")


def test_a_row_of_the_picker_is_its_class() -> None:
    drawn = class_picker([3, 5, 1], ["cat", "dog", "<b>"], [0.7, 0.2, 0.001], chosen=5, against=1)
    bars, cells = drawn.data
    (panel,) = drawn.layout.meta["panels"]
    assert panel["items"] == [3, 5, 1]
    assert panel["labels"][0] == "cat: 70.000\u00a0%"
    assert np.asarray(cells.z).ravel().tolist() == [0.7, 0.2, 0.001]
    assert np.allclose(np.asarray(bars.x) / bars.x[0], [1, 2 / 7, 1 / 700])
    assert len(set(bars.marker.color)) == 3
    assert "<b>" not in drawn.layout.yaxis.ticktext
