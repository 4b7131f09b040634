"""Channel statistics: the numbers, activity, and values that are not finite."""

import numpy as np
import pytest

from actviz_core.analysis import ChannelOrder, Strength, channel_statistics, order_channels
from actviz_core.errors import ShapeError

NAN, INF = np.nan, np.inf


def test_numbers_equal_numpys_own_on_every_channel() -> None:
    maps = np.random.default_rng(0).normal(3, 2, (17, 9, 5)).astype(np.float32)
    flat = maps.reshape(17, -1).astype(np.float64)
    statistics = channel_statistics(maps)
    np.testing.assert_allclose(statistics.mean, flat.mean(1), rtol=1e-12)
    np.testing.assert_allclose(statistics.std, flat.std(1), rtol=1e-9)
    np.testing.assert_array_equal(statistics.maximum, flat.max(1))
    np.testing.assert_array_equal(statistics.minimum, flat.min(1))
    peaks = maps[np.arange(17), statistics.peak_row, statistics.peak_column]
    np.testing.assert_array_equal(peaks, maps.max((1, 2)))


def test_a_constant_channel_has_exactly_no_spread() -> None:
    assert channel_statistics(np.full((1, 7, 7), 0.1, np.float32)).std[0] == 0


def test_a_large_mean_does_not_swallow_a_small_spread() -> None:
    maps = (1000 + np.random.default_rng(0).normal(0, 0.01, (1, 56, 56))).astype(np.float32)
    expected = maps.astype(np.float64).std()
    np.testing.assert_allclose(channel_statistics(maps).std, expected, rtol=1e-4)


def test_layers_are_active_beyond_one_percent_of_the_largest_distance_from_zero() -> None:
    statistics = channel_statistics(np.array([[[0.06, 1e-6], [0.05, 5]], [[0, 0], [0, 0]]]))
    assert not statistics.signed
    assert statistics.active.tolist() == [0.5, 0]
    assert statistics.above.tolist() == [0.5, 0]
    assert statistics.below.tolist() == [0, 0]
    assert statistics.silent.tolist() == [False, True]


def test_signed_layers_are_active_above_and_below_zero() -> None:
    statistics = channel_statistics(np.array([[[-10, 0.5], [0.1, -0.4]], [[0.1, 0], [0, 0]]]))
    assert statistics.signed
    assert statistics.active.tolist() == [0.75, 0]
    assert statistics.above.tolist() == [0.25, 0]
    assert statistics.below.tolist() == [0.5, 0]
    assert statistics.silent.tolist() == [False, False]


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    maps = [[[NAN, 1], [3, INF]], [[NAN, NAN], [-INF, NAN]], [[0, 0], [0, NAN]]]
    statistics = channel_statistics(np.array(maps))
    assert statistics.nan_count.tolist() == [1, 3, 1]
    assert statistics.inf_count.tolist() == [1, 1, 0]
    assert statistics.mean[0] == 2
    assert statistics.std[0] == 1
    assert (statistics.minimum[0], statistics.maximum[0]) == (1, 3)
    assert (statistics.peak_row[0], statistics.peak_column[0]) == (1, 0)
    assert np.isnan([statistics.mean[1], statistics.maximum[1], statistics.active[1]]).all()
    assert statistics.peak_row[1] == -1
    assert statistics.active[0] == 1
    assert not statistics.silent.any()


def test_infinities_of_both_signs_do_not_hide_each_other() -> None:
    statistics = channel_statistics([[[INF, -INF, 2]]])
    assert statistics.inf_count[0] == 2
    assert statistics.nan_count[0] == 0
    assert statistics.mean[0] == 2


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.bool_])
def test_every_number_type_is_counted_the_same(dtype: type) -> None:
    statistics = channel_statistics(np.array([[[0, 1, 1, 0]]], dtype))
    assert (statistics.mean[0], statistics.std[0], statistics.maximum[0]) == (0.5, 0.5, 1)


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4, 4), (0, 4, 4), (4, 0, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"channels, rows, columns.*got \("):
        channel_statistics(np.zeros(shape))


def test_order_is_stable_in_both_directions() -> None:
    statistics = channel_statistics(np.array([2, 5, 2, 0, 5.0]).reshape(5, 1, 1))
    assert order_channels(statistics, ChannelOrder.MAXIMUM).tolist() == [3, 0, 2, 1, 4]
    assert order_channels(statistics, ChannelOrder.MAXIMUM, descending=True).tolist() == [1, 4, 0, 2, 3]
    assert order_channels(statistics, ChannelOrder.INDEX, descending=True).tolist() == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("order", list(ChannelOrder))
def test_only_channels_of_some_words_can_be_asked_for_in_every_order(order: ChannelOrder) -> None:
    statistics = channel_statistics(np.array([2, 0, 3.0, 0.01, 1.4]).reshape(5, 1, 1))

    def shown(*words: Strength) -> list[int]:
        return sorted(order_channels(statistics, order, words=words).tolist())

    assert shown(Strength.STRONG) == [0, 2]
    assert shown(Strength.WEAK) == [4]
    assert shown(Strength.SILENT, Strength.NEARLY_SILENT) == [1, 3]


def test_order_by_strength_counts_what_is_below_zero_too() -> None:
    statistics = channel_statistics(np.array([2, -5, 3.0]).reshape(3, 1, 1))
    assert order_channels(statistics, ChannelOrder.STRENGTH, descending=True).tolist() == [1, 2, 0]


@pytest.mark.parametrize("descending", [False, True])
def test_channels_without_a_number_come_last(descending: bool) -> None:
    statistics = channel_statistics(np.array([1, NAN, 2.0]).reshape(3, 1, 1))
    assert order_channels(statistics, ChannelOrder.MEAN, descending=descending).tolist()[-1] == 1
