"""Channels that are twins are found, and how much one tells of the class."""

import numpy as np
import pytest

from actviz_core.analysis import class_share, twin_channels
from actviz_core.errors import ShapeError


def test_twins_correlate_whatever_their_scale_and_a_constant_has_none() -> None:
    mean = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    mean[:, 3] = 20 * mean[:, 1] + 5
    mean[:, 4] = 0.1
    assert [(pair.first, pair.second) for pair in twin_channels(mean)] == [(1, 3)]
    assert twin_channels(mean)[0].correlation == pytest.approx(np.corrcoef(mean[:, 1], mean[:, 3])[0, 1])
    mean[:, 2] = -mean[:, 0]
    assert [(pair.first, pair.second) for pair in twin_channels(mean)] == [(1, 3)]


def test_the_class_explains_all_nothing_or_a_part_of_a_channel() -> None:
    labels = np.array([0, 0, 1, 1, -1])
    mean = np.array([[1, 1, 0, 7], [1, 2, 1, 7], [5, 1, 2, 7], [5, 2, 3, 7], [900, 900, 900, 8]])
    shares = class_share(mean, labels)
    assert shares[:3] == pytest.approx([1, 0, 0.8])
    assert np.isnan(shares[3])


def test_what_is_no_table_of_pictures_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(0, 3\)"):
        twin_channels(np.zeros((0, 3)))
    with pytest.raises(ShapeError, match="a label for each of 4 pictures"):
        class_share(np.zeros((4, 2)), np.zeros(3))
