"""The signed difference as a figure."""

import numpy as np
import pytest

from actviz_core.analysis import Difference, difference
from actviz_core.errors import ShapeError
from actviz_core.figures import Colors, difference_map
from actviz_core.figures.colors import colorscale


def some_difference() -> Difference:
    first = np.random.default_rng(0).random((4, 3, 5)).astype(np.float32)
    return difference(first + np.array([0, 3, 1, 9], np.float32)[:, None, None], first)


def test_all_channels_are_shown_about_zero_with_the_largest_difference_first() -> None:
    found = some_difference()
    figure = difference_map(found)
    heatmap, titles = figure.data
    assert titles.customdata.tolist() == [3, 1, 2, 0]
    reach = np.abs(found.maps).max()
    assert (heatmap.zmin, heatmap.zmax) == (-reach, reach)
    assert [list(stop) for stop in heatmap.colorscale] == colorscale(Colors.RDBU)
    tile = heatmap.z[np.isfinite(heatmap.z) & (heatmap.customdata == 1)]
    np.testing.assert_array_equal(tile, found.maps[1].ravel())
    assert figure.layout.annotations[-1].text.startswith("red: more in the first")


def test_another_order_is_kept() -> None:
    figure = difference_map(some_difference(), order=[2, 0])
    assert figure.data[-1].customdata.tolist() == [2, 0]


def test_one_channel_is_drawn_large_about_zero() -> None:
    found = some_difference()
    figure = difference_map(found, channel=3)
    np.testing.assert_array_equal(figure.data[0].z, found.maps[3])
    assert figure.data[0].zmin == -figure.data[0].zmax == -found.maps[3].max()
    assert figure.layout.annotations[0].text.startswith("channel 3, red:")


def test_a_channel_that_is_not_there_is_said() -> None:
    figure = difference_map(some_difference(), channel=4)
    assert not figure.data
    assert figure.layout.annotations[0].text == "There is no channel 4: both have channels 0 to 3."


def test_orders_with_channels_that_are_not_there_are_refused() -> None:
    with pytest.raises(ShapeError, match="channels 0 to 3; got 4 to 4"):
        difference_map(some_difference(), order=[4])
