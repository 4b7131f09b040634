"""The figures of a channel's page: trust the traces."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from actviz_core.errors import ShapeError
from actviz_core.figures import captioned_sheet, change_bars, looking_figure


def picture(height: int, width: int, value: int) -> np.typing.NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def test_the_box_is_framed_and_shares_lie_on_the_pictures_own_pixels() -> None:
    shares = np.zeros((8, 10))
    shares[2, 3] = 1.0
    figure = looking_figure(picture(8, 10, 90), shares, box=(1, 5, 2, 7))
    np.testing.assert_array_equal(figure.data[0].z, shares)
    (frame,) = figure.layout.shapes
    assert (frame.y0, frame.y1, frame.x0, frame.x1) == (0.5, 4.5, 1.5, 6.5)
    assert figure.data[0].colorscale[0][1].endswith(",0)")  # what does not matter hides nothing


def test_without_a_gradient_there_is_the_picture_and_no_colour_bar() -> None:
    figure = looking_figure(picture(8, 10, 90), None, box=None)
    assert figure.data[0].showscale is False
    assert not figure.layout.shapes
    assert len(figure.layout.images) == 1


def test_bars_stand_in_pairs_before_and_after() -> None:
    figure = change_bars(["cat", "dog"], [0.9, 0.1], [0.3, 0.7], titles=("as it is", "off"))
    before, after = figure.data
    assert (tuple(before.x), tuple(after.x)) == ((0.9, 0.1), (0.3, 0.7))
    assert list(before.customdata) == ["cat", "dog"]
    assert all(up < down for up, down in zip(before.y, after.y, strict=True))
    with pytest.raises(ShapeError, match="2 classes need as many shares"):
        change_bars(["cat", "dog"], [0.9], [0.3, 0.7])


def test_pictures_of_any_size_fill_tiles_of_one_size_with_their_words() -> None:
    figure = captioned_sheet(
        [picture(8, 8, 10), picture(4, 8, 20)], items=["s/0", "s/1"], captions=["cat 2", "dog 1"], side=16
    )
    image = Image.open(io.BytesIO(base64.b64decode(figure.data[0].source.partition(",")[2])))
    cells = np.asarray(image.convert("RGBA"))
    panel = figure.layout.meta["panels"][0]
    assert panel["items"] == ["s/0", "s/1"]
    down, right = panel["pitch"]
    first = cells[panel["title"] : down, :16]
    second = cells[panel["title"] : down, right : right + 16]
    assert (first[..., 3] == 255).all()
    assert np.abs(first[..., :3].astype(int) - 10).max() <= 1
    assert (second[..., 3] == 255).any(1).sum() == 8  # half as high as wide
    assert list(figure.data[-1].text) == ["cat 2", "dog 1"]
    with pytest.raises(ShapeError, match="as many items and captions"):
        captioned_sheet([picture(8, 8, 10)], items=[], captions=[])


def test_a_box_too_small_to_be_found_is_pointed_at_from_the_middle() -> None:
    for box, way in (((0, 2, 0, 2), (1, 1)), ((98, 100, 97, 100), (-1, -1))):
        (arrow,) = looking_figure(picture(100, 100, 90), None, box=box).layout.annotations
        assert arrow.text == f"{box[1] - box[0]} x {box[3] - box[2]}"
        assert (arrow.x, arrow.y) == ((box[2] + box[3] - 1) / 2, (box[0] + box[1] - 1) / 2)
        assert (np.sign(arrow.ax), np.sign(arrow.ay)) == way
    assert not looking_figure(picture(100, 100, 90), None, box=(0, 9, 0, 9)).layout.annotations
