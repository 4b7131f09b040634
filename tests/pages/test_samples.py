"""Samples: browse a source, choose a picture, and see what the model sees and says."""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.samples import open_source
from actviz_core.workspace.shared import Workspace
from tests.pages.truth import said_classes
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    drawn,
    figure,
    pictures,
    press,
    read_page,
    said,
    turn_to,
    visit,
)

NewServer = Callable[..., Workspace]


def on_sheet(app: AppTest) -> list[int]:
    """The indices of the thumbnails, in reading order."""
    return list(figure(app, "samples_sheet")["layout"]["meta"]["panels"][0]["items"])


def framed(app: AppTest) -> int:
    """How many thumbnails have a frame around them."""
    return len(figure(app, "samples_sheet")["layout"].get("shapes", []))


@pytest.fixture
def many(new_server: NewServer, tmp_path: Path) -> AppTest:
    """The page on a folder of 130 pictures, where picture n has the grey level n."""
    folder = tmp_path / "many"
    folder.mkdir()
    for level in range(130):
        Image.new("RGB", (4, 4), (level,) * 3).save(folder / f"{level:03}.png")
    new_server(ACTVIZ_IMAGES=str(folder))
    return visit("samples", {"source": "folder"})


def test_every_thumbnail_shows_the_picture_of_its_index() -> None:
    app = visit("samples", {"seed": "3"})
    drawing = figure(app, "samples_sheet")
    (image,), (panel,) = drawing["data"], drawing["layout"]["meta"]["panels"]
    content = base64.b64decode(image["source"].partition(",")[2])
    sheet = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), float)
    source = open_source("bundled-cifar10")
    down, right = panel["pitch"]
    assert len(panel["items"]) == 20
    for position, (index, text) in enumerate(zip(panel["items"], panel["labels"], strict=True)):
        row, column = divmod(position, panel["across"])
        top, left = row * down + panel["title"], column * right
        whole = np.asarray(source[index].image.resize((64, 64), Image.Resampling.NEAREST), float)
        assert np.abs(sheet[top : top + 64, left : left + 64] - whole).mean() < 8  # sent with some loss
        assert text == f"{index}: {source[index].label}"


def test_a_click_on_a_thumbnail_chooses_its_picture() -> None:
    app = visit("samples")
    assert framed(app) == 1
    click(app, "samples_sheet", 3)
    check_fine(app)
    assert app.query_params["image"] == "bundled-cifar10/3"
    assert "The chosen picture, bundled-cifar10/3, airplane" in pictures(app)
    choose(app, "Source", "bundled-imagenet")
    assert framed(app) == 0  # the chosen picture is in another source
    click(app, "samples_sheet", 5)
    assert app.query_params["image"] == "bundled-imagenet/5"
    assert framed(app) == 1


def test_the_chosen_picture_has_its_size_label_and_what_the_model_sees() -> None:
    app = visit("samples", {"image": "bundled-imagenet/3"})
    text = read_page(app)
    assert "The picture, 512 x 512" in text
    assert "What the model sees, 32 x 32" in text
    assert "buckeye bundled-imagenet/3" in text.replace("**", "")
    assert "The picture as the model sees it" in pictures(app)


def test_the_models_five_most_probable_classes_are_drawn_with_their_shares() -> None:
    app = visit("samples", {"image": "bundled-cifar10/12"})
    classes, shares = said_classes("bundled-cifar10/12")
    (bars,) = figure(app, "samples_top5")["data"]
    assert list(bars["hovertext"]) == classes[:5]
    np.testing.assert_allclose(bars["x"], shares[:5], rtol=1e-5)
    highlighted = [
        name for name, color in zip(classes, bars["marker"]["color"], strict=False) if color == "#4690c8"
    ]
    assert highlighted == [name for name in classes[:5] if name == "dog"]  # its label


@pytest.mark.parametrize(
    ("source", "count", "title"),
    [
        ("bundled-cifar10", 20, "CIFAR-10, bundled: 20 pictures"),
        ("bundled-imagenet", 20, "ImageNet, bundled: 20 pictures"),
        ("patterns", 99, "99 pictures"),
    ],
)
def test_every_source_that_needs_no_download_can_be_browsed(source: str, count: int, title: str) -> None:
    app = visit("samples")
    choose(app, "Source", source)
    check_fine(app)
    assert on_sheet(app) == list(range(count))
    assert title in read_page(app)


def test_a_class_can_be_picked_out() -> None:
    app = visit("samples")
    choose(app, "Class", "frog")
    assert on_sheet(app) == [4, 5, 7, 19]
    click(app, "samples_sheet", 7)
    assert app.query_params["image"] == "bundled-cifar10/7"


def test_a_class_that_the_next_source_lacks_shows_all_of_it() -> None:
    app = visit("samples")
    choose(app, "Class", "frog")
    choose(app, "Source", "bundled-imagenet")
    check_fine(app)
    assert on_sheet(app) == list(range(20))
    assert "class" not in app.query_params


def test_a_seed_shuffles_always_the_same_way() -> None:
    first, second = visit("samples"), visit("samples")
    orders = []
    for app in (first, second):
        choose(app, "Shuffle", 7)
        orders.append(on_sheet(app))
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0]) == list(range(20))
    choose(first, "Shuffle", 8)
    assert on_sheet(first) != orders[0]
    choose(first, "Class", "frog")
    assert sorted(on_sheet(first)) == [4, 5, 7, 19]
    choose(first, "Class", "all")
    choose(first, "Shuffle", None)
    assert on_sheet(first) == list(range(20))


def test_an_index_is_jumped_to() -> None:
    app = visit("samples", {"source": "patterns"})
    choose(app, "Go to index", 42)
    check_fine(app)
    assert app.query_params["image"] == "patterns/42"


def test_a_page_holds_120_thumbnails_and_pages_are_turned(many: AppTest) -> None:
    assert on_sheet(many) == list(range(120))
    turn_to(many, 2)
    assert on_sheet(many) == list(range(120, 130))
    click(many, "samples_sheet", 125)
    assert many.query_params["image"] == "folder/125"
    check_fine(many)


def test_a_page_that_the_next_source_lacks_goes_back_to_the_first(many: AppTest) -> None:
    turn_to(many, 2)
    choose(many, "Source", "bundled-cifar10")
    check_fine(many)
    assert on_sheet(many) == list(range(20))


def test_an_index_beyond_the_next_source_breaks_nothing(many: AppTest) -> None:
    choose(many, "Go to index", 125)
    choose(many, "Source", "bundled-cifar10")
    check_fine(many)
    assert on_sheet(many) == list(range(20))
    assert many.query_params["image"] == "folder/125"


def test_a_source_without_classes_can_be_browsed(many: AppTest) -> None:
    (box,) = (box for box in many.selectbox if box.label == "Class")
    assert box.options == ["all"]
    assert "No label folder/7" in _after_choosing(many, 7)


def _after_choosing(app: AppTest, index: int) -> str:
    choose(app, "Go to index", index)
    return read_page(app).replace("**", "")


def test_the_sheet_stays_while_the_link_names_no_picture() -> None:
    app = visit("samples", {"image": "bundled-cifar10/99"})
    assert len(said(app)) == 1
    assert drawn(app) == {"samples_sheet"}
    click(app, "samples_sheet", 4)
    check_fine(app)
    assert app.query_params["image"] == "bundled-cifar10/4"
    press(app, "Keep in tray")
    check_fine(app)


def test_what_the_model_sees_is_sent_without_loss() -> None:
    app = visit("samples", {"image": "bundled-cifar10/3"})
    (shown,) = (
        image.proto.imgs[0] for image in app.get("image") if "as the model sees" in image.proto.imgs[0].alt
    )
    assert shown.url.endswith(".png")
