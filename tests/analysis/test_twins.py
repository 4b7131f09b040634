"""Twins are the channels whose maps rise and fall at the same cells."""

import numpy as np
import pytest

from actviz_core.analysis import channel_correlations, twin_channels, twins
from actviz_core.analysis.twins import twins_over_pictures
from actviz_core.errors import ShapeError

MAPS = np.random.default_rng(0).standard_normal((6, 4, 5))


def test_correlations_are_those_of_numpy() -> None:
    expected = np.asarray(np.corrcoef(MAPS.reshape(6, -1)))[2]
    assert channel_correlations(MAPS, 2) == pytest.approx(expected)
    assert channel_correlations((1e30 * MAPS).astype(np.float32), 2) == pytest.approx(expected, abs=1e-5)


def test_a_scaled_and_shifted_copy_is_the_closest_twin_and_its_negative_the_last() -> None:
    maps = MAPS.copy()
    maps[4], maps[1] = 3 * maps[0] + 7, -maps[0]
    found = twins(maps, 0)
    assert (found[0].channel, found[-1].channel) == (4, 1)
    assert (found[0].correlation, found[-1].correlation) == pytest.approx((1, -1))
    assert all(twin.channel != 0 for twin in found)
    assert len(twins(maps, 0, 2)) == 2


def test_maps_without_a_pattern_or_with_unusable_values_have_no_twins_and_are_none() -> None:
    maps = MAPS.copy()
    maps[3], maps[5, 0, 0] = 0.1, np.nan
    assert {twin.channel for twin in twins(maps, 0)} == {1, 2, 4}
    assert twins(maps, 3) == twins(maps, 5) == ()
    assert twins(MAPS[:, :1, :1], 0) == ()


def test_a_channel_that_is_not_there_is_refused() -> None:
    with pytest.raises(ShapeError, match="no channel 6; the maps have the channels 0 to 5"):
        twins(MAPS, 6)


def test_twins_over_pictures_correlate_in_their_means_and_are_those_of_the_whole_layer() -> None:
    means = np.random.default_rng(1).standard_normal((30, 5)).astype(np.float32)
    means[:, 3] = 2 * means[:, 1] + 0.1 * means[:, 0]
    means[7] = np.nan  # a picture that was skipped
    used = np.delete(means, 7, axis=0)
    expected = np.asarray(np.corrcoef(used.T.astype(np.float64)))[1]
    found = twins_over_pictures(means, 1)
    assert [twin.channel for twin in found] == [at for at in np.argsort(-expected).tolist() if at != 1]
    assert [twin.correlation for twin in found] == pytest.approx(
        [expected[twin.channel] for twin in found], abs=1e-6
    )
    (pair,) = twin_channels(used)
    assert {pair.first, pair.second} == {1, found[0].channel}
    assert pair.correlation == pytest.approx(found[0].correlation, abs=1e-6)


def test_without_pictures_that_differ_there_are_no_twins_over_them() -> None:
    means = np.array([[1.0, 2.0, np.nan], [1.0, 5.0, np.nan], [1.0, 3.0, np.nan]])
    assert twins_over_pictures(means, 0) == twins_over_pictures(means, 2) == ()
    assert twins_over_pictures(means[:1], 1) == ()
    with pytest.raises(ShapeError, match="with channel 3 among them"):
        twins_over_pictures(means, 3)
