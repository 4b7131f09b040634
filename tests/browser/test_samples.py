"""Choosing a picture on the contact sheet, and bringing one's own."""

import hashlib
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.support.drawn import SHEET
from tests.support.figures import cell, click_thumbnail, point_at
from tests.support.server import Server
from tests.support.visitor import NARROW, Visitor, new_context, visiting

pytestmark = pytest.mark.browser

# A press at once, as of a finger: no move comes before it, and no moment passes until it ends.
_TOUCH = """([key, x, y]) => {
    const about = {clientX: x, clientY: y, pointerId: 1, isPrimary: true, button: 0, bubbles: true};
    const drag = document.querySelector(`.st-key-${key} .nsewdrag`);
    for (const kind of ['pointerdown', 'pointerup']) drag.dispatchEvent(new PointerEvent(kind, about));
    for (const kind of ['mousedown', 'mouseup', 'click'])
        document.elementFromPoint(x, y).dispatchEvent(new MouseEvent(kind, about));
}"""


def picture(seed: int, suffix: str = "png") -> bytes:
    """A small picture of seeded noise, as a file's content."""
    noise = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, suffix)
    return file.getvalue()


def upload(page: Page, files: dict[str, bytes]) -> None:
    """Choose files in the file chooser, as a person does."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(
        [FilePayload(name=name, mimeType="", buffer=content) for name, content in files.items()]
    )


def upload_id(content: bytes) -> str:
    """The image id that an upload must get."""
    return f"upload/{hashlib.sha256(content).hexdigest()[:12]}"


def test_a_click_on_a_thumbnail_chooses_that_picture(visitor: Visitor) -> None:
    page = visitor.open("/samples?source=bundled-imagenet")
    for position in (17, 3):
        click_thumbnail(page, position)
        expect(
            page.get_by_role("img", name=f"The chosen picture, bundled-imagenet/{position}")
        ).to_be_visible()
        visitor.settle()
        assert f"image=bundled-imagenet/{position}" in page.url.replace("%2F", "/")


def test_pointing_at_a_thumbnail_tells_its_index_and_label(visitor: Visitor) -> None:
    page = visitor.open("/samples")
    point_at(page, SHEET, 0, 32, 32)
    expect(page.locator(f".st-key-{SHEET} .figure-label")).to_have_text("0: cat")


def test_good_uploads_are_chosen_and_bad_ones_are_refused_by_name(visitor: Visitor) -> None:
    page = visitor.open("/samples")
    first, second = picture(1), picture(2, "jpeg")
    upload(
        page,
        {
            "one.png": first,
            "**bold** [link](x).png": b"this is no picture",
            "two.jpg": second,
            "empty.png": b"",
            "cut.png": picture(3)[:400],
        },
    )
    refusals = page.get_by_test_id("stMain").get_by_role("alert")
    expect(refusals).to_have_count(3)
    said = refusals.all_inner_texts()
    for name in ("**bold** [link](x).png", "empty.png", "cut.png"):
        assert any(name in text for text in said), said
    expect(page.get_by_role("img", name=f"The chosen picture, {upload_id(second)}")).to_be_visible()
    expect(page.get_by_text("The picture, 50 x 40")).to_be_visible()
    tray = page.get_by_role("radiogroup", name="Tray").or_(page.get_by_role("group", name="Tray"))
    expect(tray).to_contain_text(re.compile(r"one\.png.*two\.jpg", re.DOTALL))


def test_a_bad_upload_leaves_the_picture_in_hand(visitor: Visitor) -> None:
    page = visitor.open("/samples?image=bundled-cifar10/7")
    upload(page, {"notes.txt": b"words"})
    expect(page.get_by_role("alert")).to_contain_text("notes.txt")
    expect(page.get_by_role("img", name="The chosen picture, bundled-cifar10/7")).to_be_visible()


# How much higher a figure is than what is drawn in it, in pixels.
BLANK = """([key, most]) => {
    const layout = document.querySelector(`.st-key-${key} .js-plotly-plot`)?._fullLayout;
    if (!layout) return false;
    const bottoms = Object.keys(layout).filter(name => /^yaxis\\d*$/.test(name))
        .map(name => layout[name]._offset + layout[name]._length);
    return layout.height - Math.max(...bottoms) < most;
}"""


@pytest.mark.parametrize(
    ("link", "key"), [("/samples?class=zebra", SHEET), ("/compare?own_range=maybe", "compare_board")]
)
def test_a_narrow_window_has_no_blank_below_its_figures_and_keeps_its_warnings(
    browser: Browser, server: Server, link: str, key: str
) -> None:
    with new_context(browser, size=NARROW) as context, visiting(context, server.url) as visitor:
        page = visitor.open(link)
        page.wait_for_function(BLANK, arg=[key, 24])
        visitor.settle()
        expect(page.get_by_role("alert").filter(has_text="is not possible here")).to_have_count(1)


def test_a_click_counts_though_nobody_pointed_there_before(visitor: Visitor) -> None:
    page = visitor.open("/samples?source=bundled-imagenet")
    for position in (3, 8, 14):
        x, y = cell(page, SHEET, position, 9, 9)
        page.evaluate(_TOUCH, [SHEET, x, y])
        expect(
            page.get_by_role("img", name=f"The chosen picture, bundled-imagenet/{position}")
        ).to_be_visible()
