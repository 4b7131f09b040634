"""Summary maps and principal components."""

import numpy as np
import pytest

from actviz_core.analysis import Summary, principal_components, summary_map
from actviz_core.errors import ShapeError


def structured_maps(channels: int, height: int, width: int) -> np.ndarray:
    """Three independent patterns of falling strength in random mixtures, with a little noise."""
    generator = np.random.default_rng(0)
    patterns = generator.standard_normal((3, height * width))
    weights = generator.standard_normal((channels, 3)) * [8, 4, 2]
    noise = 0.01 * generator.standard_normal((channels, height * width))
    return (weights @ patterns + noise).reshape(channels, height, width).astype(np.float32)


def test_mean_and_maximum_go_over_channels() -> None:
    maps = np.array([[[1, -2]], [[3, -4]]])
    assert summary_map(maps, Summary.MEAN).tolist() == [[2, -3]]
    assert summary_map(maps, Summary.MAXIMUM).tolist() == [[3, -2]]


def test_summaries_leave_out_what_is_not_finite() -> None:
    maps = np.array([[[1, np.nan, np.nan]], [[3, 5, np.inf]]])
    np.testing.assert_array_equal(summary_map(maps, Summary.MEAN), [[2, 5, np.nan]])
    np.testing.assert_array_equal(summary_map(maps, Summary.MAXIMUM), [[3, 5, np.nan]])


@pytest.mark.parametrize(
    "shape", [(16, 12, 10), (200, 8, 8), (200, 15, 15)], ids=["channels", "cells", "large"]
)
def test_components_equal_those_of_a_full_decomposition(shape: tuple[int, int, int]) -> None:
    maps = structured_maps(*shape)
    points = maps.reshape(shape[0], -1).astype(np.float64)
    points -= points.mean(1, keepdims=True)
    left, singular, right = np.linalg.svd(points, full_matrices=False)
    components = principal_components(maps)
    np.testing.assert_allclose(components.explained, singular[:3] ** 2 / (singular**2).sum(), rtol=1e-4)
    for index in range(3):
        scores = right[index] * np.sign(left[np.abs(left[:, index]).argmax(), index])
        expected = (scores - scores.min()) / np.ptp(scores)
        np.testing.assert_allclose(components.rgb[..., index].ravel(), expected, atol=1e-3)


def test_components_are_deterministic() -> None:
    maps = structured_maps(200, 15, 15)
    np.testing.assert_array_equal(principal_components(maps).rgb, principal_components(maps.copy()).rgb)


def test_two_channels_leave_the_third_colour_in_the_middle() -> None:
    components = principal_components(structured_maps(2, 6, 6))
    assert (components.rgb[..., 2] == 0.5).all()
    assert components.explained[2] == 0
    np.testing.assert_allclose(components.explained.sum(), 1)


@pytest.mark.parametrize("value", [0.0, 0.1, np.nan])
def test_maps_without_structure_are_grey(value: float) -> None:
    components = principal_components(np.full((5, 4, 4), value, np.float32))
    assert (components.rgb == 0.5).all()
    assert (components.explained == 0).all()


def test_cells_that_are_not_finite_count_as_the_channels_mean() -> None:
    maps = structured_maps(4, 5, 5).astype(np.float64)
    broken, filled = maps.copy(), maps.copy()
    broken[1, 2, 3] = np.inf
    filled[1, 2, 3] = np.delete(maps[1].ravel(), 13).mean()
    np.testing.assert_allclose(principal_components(broken).rgb, principal_components(filled).rgb, atol=1e-9)


def test_a_single_map_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(4, 4\)"):
        principal_components(np.zeros((4, 4)))
