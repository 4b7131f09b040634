"""Maps brought to another size."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from actviz_core.analysis import resample
from actviz_core.errors import ShapeError


def random_maps(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((3, height, width)).astype(np.float32)


@pytest.mark.parametrize("size", [(12, 10), (7, 5), (13, 6)], ids=["twice", "rows", "uneven"])
def test_growing_is_torchs_bilinear_interpolation(size: tuple[int, int]) -> None:
    maps = random_maps(6, 5)
    expected = F.interpolate(torch.from_numpy(maps)[None], size, mode="bilinear", align_corners=False)
    grown = resample(maps, size)
    np.testing.assert_allclose(grown, expected[0].numpy(), atol=1e-6)
    assert grown.dtype == np.float32


def test_shrinking_averages_the_area_that_each_new_cell_covers() -> None:
    maps = random_maps(6, 9)
    np.testing.assert_allclose(
        resample(maps, (3, 3)), maps.reshape(3, 3, 2, 3, 3).mean(axis=(2, 4)), atol=1e-6
    )
    halves = np.array([[[3.0, 6.0, 9.0]]])  # 3 cells to 2: each covers one and a half
    np.testing.assert_allclose(resample(halves, (1, 2)), [[[(3 + 6 / 2) / 1.5, (6 / 2 + 9) / 1.5]]])


@pytest.mark.parametrize("size", [(2, 3), (5, 4), (1, 1)])
def test_shrinking_keeps_the_mean(size: tuple[int, int]) -> None:
    maps = random_maps(7, 6)
    np.testing.assert_allclose(resample(maps, size).mean(axis=(1, 2)), maps.mean(axis=(1, 2)), atol=1e-6)


def test_rows_may_shrink_while_columns_grow() -> None:
    maps = np.array([[[0.0, 4.0], [2.0, 6.0]]])
    np.testing.assert_allclose(resample(maps, (1, 4)), [[[1, 2, 4, 5]]])


def test_maps_of_the_right_size_stay_as_they_are() -> None:
    maps = random_maps(4, 3)
    assert resample(maps, (4, 3)) is maps


@pytest.mark.parametrize("flaw", [np.nan, np.inf, -np.inf])
def test_only_cells_that_rest_on_an_unusable_one_are_lost(flaw: float) -> None:
    maps = random_maps(4, 4)
    whole = resample(maps, (2, 2))
    maps[1, 0, 3] = flaw
    shrunk = resample(maps, (2, 2))
    assert np.isnan(shrunk[1, 0, 1])
    assert np.isnan(shrunk).sum() == 1
    shrunk[1, 0, 1] = whole[1, 0, 1]
    np.testing.assert_allclose(shrunk, whole, atol=1e-6)


def test_no_size_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"one row and column or more; got \(0, 4\)"):
        resample(random_maps(4, 4), (0, 4))
