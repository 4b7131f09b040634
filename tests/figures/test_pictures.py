"""Single maps, overlays and contact sheets."""

import base64
import io

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from actviz_core.errors import ShapeError
from actviz_core.figures import channel_map, contact_sheet, overlay
from actviz_core.figures.contact_sheet import MARK

PICTURE = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
THUMBNAILS = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def decoded(source: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))


def test_a_map_holds_its_values_with_row_0_at_the_top() -> None:
    values = np.array([[0, 1, 2], [3, 4, 5]])
    figure = channel_map(values)
    np.testing.assert_array_equal(figure.data[0].z, values)
    assert figure.layout.yaxis.range == (1.5, -0.5)
    assert figure.layout.xaxis.range == (-0.5, 2.5)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 5)
    assert "row %{y}, column %{x}" in figure.data[0].hovertemplate


def test_a_signed_map_is_centred_and_limits_can_be_those_of_the_layer() -> None:
    assert channel_map([[-1, 3]]).data[0].zmin == -3
    assert channel_map([[1, 3]], signed=True).data[0].zmin == -3
    limited = channel_map([[1, 3]], limits=(0, 10)).data[0]
    assert (limited.zmin, limited.zmax) == (0, 10)


def test_the_picture_fills_the_extent_of_the_map_below_it() -> None:
    figure = channel_map(np.ones((4, 6)), image=PICTURE, opacity=0.4)
    (image,) = figure.layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (-0.5, -0.5, 6, 4)
    assert (image.sizing, image.layer) == ("stretch", "below")
    np.testing.assert_array_equal(decoded(image.source), PICTURE)
    assert figure.data[0].opacity == 0.4


def test_a_map_with_nan_names_it() -> None:
    figure = channel_map(np.array([[1, np.nan], [2, 3]]))
    assert figure.data[1].name == "not a number"
    assert figure.data[0].zmax == 3


def test_overlay_takes_a_map_or_colours() -> None:
    assert overlay(PICTURE, np.ones((4, 6)), opacity=0.3).data[0].type == "heatmap"
    colours = np.random.default_rng(0).random((4, 6, 3))
    figure = overlay(PICTURE, colours, opacity=0.3)
    assert (figure.data[0].type, figure.data[0].opacity) == ("image", 0.3)
    np.testing.assert_array_equal(decoded(figure.data[0].source), np.round(colours * 255))
    assert len(figure.layout.images) == 1


@pytest.mark.parametrize(
    "call", [lambda: channel_map(np.ones(3)), lambda: overlay(PICTURE, np.ones((2, 2, 4)))]
)
def test_other_shapes_are_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(ShapeError, match="must have the shape"):
        call()


def test_pictures_that_are_not_uint8_are_refused() -> None:
    with pytest.raises(ShapeError, match="uint8 of shape"):
        channel_map(np.ones((4, 4)), image=PICTURE / 255)


def sheet(**options: object) -> go.Figure:
    return contact_sheet(THUMBNAILS, indices=np.arange(100, 105), columns=3, **options)  # type: ignore[arg-type]


def corners(figure: go.Figure) -> list[tuple[int, int]]:
    """Row and column of every thumbnail's first pixel, as the figure says."""
    (panel,) = figure.layout.meta["panels"]
    down, right = panel["pitch"]
    tiles = [divmod(index, panel["across"]) for index in range(len(panel["items"]))]
    return [(row * down + panel["title"], column * right) for row, column in tiles]


def test_every_thumbnail_lies_where_the_figure_says() -> None:
    figure = sheet()
    canvas = decoded(figure.data[0].source)
    for thumbnail, (top, left) in zip(THUMBNAILS, corners(figure), strict=True):
        np.testing.assert_array_equal(canvas[top : top + 32, left : left + 32, :3], thumbnail)
    assert (canvas[..., 3] == 255).sum() == 5 * 32 * 32


def test_the_figure_names_its_thumbnails() -> None:
    (panel,) = sheet(labels=["cat", None, "<b>x</b>", "a & b", "d"]).layout.meta["panels"]
    assert panel["items"] == [100, 101, 102, 103, 104]
    assert panel["labels"] == ["100: cat", "101", "102: <b>x</b>", "103: a & b", "104: d"]


def test_the_selected_thumbnail_has_a_frame() -> None:
    (frame,) = sheet(selected=4).layout.shapes
    assert (frame.y0 + 0.5, frame.x0 + 0.5) == corners(sheet())[4]
    assert (frame.y1 - frame.y0, frame.x1 - frame.x0) == (32, 32)
    assert not sheet().layout.shapes


def test_large_thumbnails_travel_small() -> None:
    smooth = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None], (20, 96, 96))[..., None].repeat(
        3, axis=3
    )
    source = contact_sheet(smooth, indices=range(20)).data[0].source
    assert len(source) < smooth.size / 20
    assert decoded(source).shape[2] == 4


def test_an_empty_sheet_says_so() -> None:
    figure = contact_sheet(THUMBNAILS[:0], indices=[])
    assert figure.layout.annotations[0].text == "No pictures here."


def test_numbers_of_labels_and_thumbnails_must_agree() -> None:
    with pytest.raises(ShapeError, match="5 thumbnails"):
        sheet(labels=["cat"])


def test_marked_thumbnails_have_a_red_bar_above_and_keep_every_pixel() -> None:
    thumbnails = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    figure = contact_sheet(thumbnails, indices=[0, 1, 2], columns=3, marked=[False, True, False])
    sheet = decoded(figure.data[0].source)
    for place, thumbnail in enumerate(thumbnails):
        left = place * (32 + 2)
        np.testing.assert_array_equal(sheet[4:, left : left + 32, :3], thumbnail)
        assert (sheet[1:4, left : left + 32] == MARK).all() == (place == 1)
