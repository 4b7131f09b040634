"""Tile arithmetic: where each channel's cells lie on the canvas."""

import numpy as np
import pytest

from actviz_core.figures.tiles import TileLayout, tile_layout


def test_every_cell_lies_where_the_layout_says() -> None:
    maps = np.random.default_rng(0).random((5, 3, 4))
    layout = TileLayout(5, 3, 4, columns=2, title=2, gap=1)
    canvas = layout.canvas(maps, np.nan)
    assert canvas.shape == layout.shape == (15, 9)
    for tile, (row, column) in enumerate(zip(*layout.origins(), strict=True)):
        np.testing.assert_array_equal(canvas[row : row + 3, column : column + 4], maps[tile])
    assert np.isfinite(canvas).sum() == maps.size


def test_tiles_read_from_left_to_right_and_top_to_bottom_below_their_titles() -> None:
    rows, columns = TileLayout(5, 3, 4, columns=2, title=2, gap=1).origins()
    assert rows.tolist() == [2, 2, 7, 7, 12]
    assert columns.tolist() == [0, 5, 0, 5, 0]


def test_cell_numbers_count_within_the_tile() -> None:
    layout = TileLayout(4, 3, 4, columns=2, title=2, gap=1)
    assert layout.cell_rows().tolist() == [-2, -1, 0, 1, 2, -2, -1, 0, 1, 2]
    assert layout.cell_columns().tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3]


@pytest.mark.parametrize("count", [1, 2, 7, 64, 512])
@pytest.mark.parametrize("size", [(1, 1), (7, 7), (56, 56), (1, 197), (30, 5)])
def test_automatic_layouts_hold_all_tiles_with_room_for_titles(count: int, size: tuple[int, int]) -> None:
    layout = tile_layout(count, *size, columns=None, pixels=1000)
    assert layout.rows * layout.columns >= count
    assert (layout.rows - 1) * layout.columns < count
    assert layout.title >= 1
    assert layout.gap >= 1
    pixels_per_cell = 1000 / (layout.columns * (layout.width + 1))
    assert layout.title * pixels_per_cell >= 18


def test_columns_can_be_chosen() -> None:
    assert tile_layout(10, 4, 4, columns=5, pixels=1000).rows == 2
