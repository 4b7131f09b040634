"""Maps of pictures: principal components by their definition, t-SNE by what it promises, and outlines."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from actviz_core.analysis.outline import inside, simplified
from actviz_core.analysis.projection import principal_scores, project
from actviz_core.analysis.t_sne import FEWEST, t_sne
from actviz_core.errors import MapError, ShapeError, StoppedError


def table(pictures: int, channels: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(pictures, channels)) * np.linspace(3, 0.2, channels) + 5
    return values.astype(np.float32)


@pytest.mark.parametrize(("pictures", "channels"), [(40, 6), (5, 30), (2, 3), (7, 7)])
def test_points_are_the_singular_vectors_of_the_centred_values(pictures: int, channels: int) -> None:
    values = table(pictures, channels)
    found = project(values)
    centred = values.astype(np.float64) - values.astype(np.float64).mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    for axis in range(2):
        share = sizes[axis] ** 2 / (sizes**2).sum()
        assert found.shares is not None
        assert found.shares[axis] == pytest.approx(share, abs=1e-9)
        expected = left[:, axis] * sizes[axis] if share > 1e-9 else np.zeros(pictures)
        expected = expected * np.sign(right[axis][np.abs(right[axis]).argmax()])
        np.testing.assert_allclose(found.points[:, axis], expected, atol=1e-6)


def test_turning_all_values_or_their_order_changes_no_distance() -> None:
    values = table(30, 2).astype(np.float64)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    first, second = project(values).points, project(values[::-1] @ turn + 100).points[::-1]
    distances = [np.linalg.norm(points[:, None] - points, axis=2) for points in (first, second)]
    np.testing.assert_allclose(distances[0], distances[1], atol=1e-9)


def test_pictures_with_values_that_are_not_finite_have_no_place_and_move_no_other() -> None:
    values = table(12, 4)
    flawed = np.insert(values, 3, np.nan, axis=0)
    flawed = np.insert(flawed, 9, [1, np.inf, 0, 0], axis=0)
    found = project(flawed)
    assert np.flatnonzero(~found.usable).tolist() == [3, 9]
    np.testing.assert_array_equal(found.points[found.usable], project(values).points)
    assert found.shares == project(values).shares


@pytest.mark.parametrize("values", [np.full((9, 3), 0.1, np.float32), np.ones((1, 3)), np.zeros((0, 3))])
def test_where_nothing_differs_all_lie_in_one_place(values: NDArray[np.float64]) -> None:
    found = project(values)
    np.testing.assert_array_equal(found.shares or (), (0, 0))
    np.testing.assert_array_equal(found.points, np.zeros((len(values), 2)))


def test_one_channel_gives_a_line_and_large_values_do_not_overflow() -> None:
    values = np.array([[1.0], [4], [2]]) * 1e200
    found = project(values)
    np.testing.assert_array_equal(found.shares or (), (1, 0))
    np.testing.assert_allclose(found.points[:, 0], (values - values.mean())[:, 0])
    assert not found.points[:, 1].any()


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(3,\)"):
        project(np.zeros(3))
    with pytest.raises(ShapeError, match=r"got \(3, 0\)"):
        project(np.zeros((3, 0)))
    with pytest.raises(ShapeError, match="not finite"):
        principal_scores(np.array([[np.nan, 1]]), 2)


def groups(pictures: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pictures of three groups that are far apart in six channels."""
    rng = np.random.default_rng(1)
    which = np.arange(pictures) % 3
    return rng.normal(size=(pictures, 6)) + 20 * np.eye(3, 6)[which], which


def test_t_sne_keeps_groups_together_and_gives_the_same_map_again() -> None:
    values, which = groups(45)
    values[7, 2] = np.nan
    told: list[int] = []
    first = t_sne(values, progress=told.append)
    assert first.shares is None
    assert np.flatnonzero(~first.usable).tolist() == [7]
    points, of = first.points[first.usable], which[first.usable]
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(44, np.inf))
    assert (of[distances.argmin(axis=1)] == of).all()
    assert told == sorted(told)
    assert told[0] == 50
    np.testing.assert_array_equal(first.points, t_sne(values * 1e6).points)


def test_t_sne_stops_when_asked_to() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="stopped"):
        t_sne(groups(60)[0], stop=stop)


def test_t_sne_of_too_few_pictures_says_so() -> None:
    with pytest.raises(MapError, match=f"needs {FEWEST} pictures or more; here are 9"):
        t_sne(table(9, 4))


def test_a_point_is_inside_where_a_ray_from_it_crosses_an_odd_number_of_sides() -> None:
    star = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])  # the notch reaches down to (2, 1)
    points = np.array([[1, 0.5], [2, 0.5], [2, 2], [0.2, 3], [3.9, 3], [5, 1], [-1, 1], [np.nan, 1]])
    assert inside(points, star).tolist() == [True, True, False, True, True, False, False, False]


def test_inside_agrees_with_half_planes_for_a_convex_outline() -> None:
    points = np.random.default_rng(2).uniform(-2, 2, (500, 2))
    angles = np.linspace(0, 2 * np.pi, 7)[:-1]
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    sides = np.roll(corners, -1, axis=0) - corners
    offsets = points[:, None] - corners
    left = sides[:, 0] * offsets[..., 1] - sides[:, 1] * offsets[..., 0] > 0
    np.testing.assert_array_equal(inside(points, corners), left.all(axis=1))


def test_a_simpler_outline_keeps_the_corners_that_matter() -> None:
    square = np.array([[0, 0], [1, 0.001], [2, 0], [2, 1], [2, 2], [0, 2]])
    assert simplified(square, 4).tolist() == [[0, 0], [2, 0], [2, 2], [0, 2]]
    assert len(simplified(square, 1)) == 3
    np.testing.assert_array_equal(simplified(square, 9), square)


def test_outlines_and_points_of_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError, match="three corners or more; got 2"):
        inside(np.zeros((1, 2)), np.zeros((2, 2)))
    with pytest.raises(ShapeError, match=r"got \(4, 3\)"):
        inside(np.zeros((4, 3)), np.zeros((3, 2)))
