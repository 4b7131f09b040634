"""Attention heads over the picture: true weights in their tiles, frames, and patches to click."""

import numpy as np
import plotly.graph_objects as go
import pytest

from actviz_core.errors import ShapeError
from actviz_core.figures import attention_heads, attention_picker

PICTURE = np.zeros((8, 8, 3), np.uint8)


def weights() -> np.ndarray:
    return np.random.default_rng(0).random((5, 4, 6)).astype(np.float32)


def tile_of(figure: go.Figure, head: int) -> tuple[slice, slice]:
    rows, columns = np.nonzero(np.isfinite(figure.data[0].z) & (figure.data[0].customdata == head))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


def test_every_head_has_its_weights_over_the_picture() -> None:
    maps = weights()
    figure = attention_heads(maps, image=PICTURE)
    for head in range(5):
        rows, columns = tile_of(figure, head)
        np.testing.assert_array_equal(figure.data[0].z[rows, columns], maps[head])
        image = figure.layout.images[head]
        assert (image.x, image.y, image.sizex, image.sizey) == (columns.start - 0.5, rows.start - 0.5, 6, 4)
    assert list(figure.data[-1].text) == [f"head {head}" for head in range(5)]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, pytest.approx(maps.max()))
    assert len(figure.layout.shapes) == 0


def test_the_token_that_looks_has_a_frame_in_every_tile() -> None:
    figure = attention_heads(weights(), image=PICTURE, chosen=(1, 2))
    for head, frame in enumerate(figure.layout.shapes):
        rows, columns = tile_of(figure, head)
        assert (frame.y0, frame.x0) == (rows.start + 1 - 0.5, columns.start + 2 - 0.5)
        assert (frame.y1 - frame.y0, frame.x1 - frame.x0) == (1, 1)
    assert len(figure.layout.shapes) == 5


def test_where_a_head_cannot_look_there_is_no_cell() -> None:
    maps = weights()
    maps[:, 2:] = np.nan
    figure = attention_heads(maps, image=PICTURE)
    assert np.isfinite(figure.data[0].z).sum() == 5 * 2 * 6


def test_every_patch_can_be_clicked_and_tells_its_place_and_weight() -> None:
    one = weights()[0]
    one[3] = np.nan
    figure = attention_picker(one, image=PICTURE, chosen=(1, 2))
    (heatmap,) = figure.data
    np.testing.assert_array_equal(heatmap.z, one)
    assert heatmap.hoverongaps  # what is out of sight answers too
    assert heatmap.text[0][0] == f"<b>{one[0, 0]:.3%}</b>".replace("%", "\xa0%")
    assert heatmap.text[-1][-1] == "out of sight"
    assert figure.layout.meta["panels"][0]["tile"] == [4, 6]
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].x0) == (0.5, 1.5)


@pytest.mark.parametrize("maps", [np.zeros((4, 6)), np.full((2, 4, 6), np.nan)])
def test_what_is_no_attention_of_heads_is_refused(maps: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="Attention to draw has 3 axes and holds finite values"):
        attention_heads(maps, image=PICTURE)
