"""Colour ranges: shared, per channel, clipped to percentiles."""

import numpy as np
import pytest

from actviz_core.analysis import channel_ranges, channel_statistics, percentile_range, shared_range

MAPS = np.array([[[-1.0, 4]], [[0, 2]], [[3, 3]]])


def test_shared_range_spans_all_channels() -> None:
    statistics = channel_statistics(MAPS)
    assert shared_range(statistics, centred=False) == (-1, 4)
    assert shared_range(statistics, centred=True) == (-4, 4)


def test_channel_ranges_are_each_channels_own_and_never_empty() -> None:
    low, high = channel_ranges(channel_statistics(MAPS), centred=False)
    assert low.tolist() == [-1, 0, 3]
    assert high.tolist() == [4, 2, 6]
    low, high = channel_ranges(channel_statistics(MAPS), centred=True)
    assert low.tolist() == [-4, -2, -3]
    assert high.tolist() == [4, 2, 3]


@pytest.mark.parametrize("value", [0.0, 2.0, -2.0, np.nan])
@pytest.mark.parametrize("centred", [False, True])
def test_constant_and_unusable_layers_still_get_a_range(value: float, centred: bool) -> None:
    maps = np.full((2, 3, 3), value)
    statistics = channel_statistics(maps)
    for low, high in (
        shared_range(statistics, centred=centred),
        percentile_range(maps, statistics, centred=centred),
    ):
        assert high > low
    lows, highs = channel_ranges(statistics, centred=centred)
    assert (highs > lows).all()


def test_percentile_range_leaves_outliers_out() -> None:
    maps = np.linspace(0, 100, 10001).reshape(1, 1, -1)
    maps[0, 0, -1] = 1e9
    statistics = channel_statistics(maps)
    np.testing.assert_allclose(percentile_range(maps, statistics, centred=False), (1, 99))
    np.testing.assert_allclose(percentile_range(maps, statistics, centred=True), (-99, 99))


def test_percentile_range_ignores_values_that_are_not_finite() -> None:
    maps = np.append(np.linspace(0, 100, 101), [np.nan, np.inf]).reshape(1, 1, -1)
    assert percentile_range(maps, channel_statistics(maps), centred=False) == (1, 99)


def test_percentile_range_of_nearly_all_zeros_is_the_full_range() -> None:
    maps = np.zeros((1, 100, 100))
    maps[0, 0, 0] = 7
    assert percentile_range(maps, channel_statistics(maps), centred=False) == (0, 7)
