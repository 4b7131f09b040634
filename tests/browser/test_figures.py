"""Figures as a person uses them: cells that answer, one place marked everywhere, keys, themes, pictures."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Truth
from tests.support.drawn import GRID
from tests.support.figures import Mark, click_cell, marks, point_at
from tests.support.server import Server
from tests.support.visitor import Visitor, new_context, visiting

pytestmark = pytest.mark.browser

LAYER = "layer2.0.conv1"
PICTURE = "bundled-cifar10/0"
BOARD = "compare_board"


def board(*panels: tuple[str, str, str]) -> str:
    """The link of a board with these panels: network, picture, layer."""
    return "/compare?" + "&".join(f"panel={','.join(panel)}" for panel in panels)


def places(found: list[Mark]) -> set[tuple[float, ...]]:
    """Edges of the marks, which are the same in every tile: top, bottom, left, right, in cells."""
    return {tuple(round(e, 1) for e in (m.top, m.bottom, m.left, m.right)) for m in found}


def test_a_cell_of_the_grid_opens_its_channel_at_its_place_and_the_link_shows_the_same(
    visitor: Visitor, stranger: Visitor, truth: Truth
) -> None:
    value = f"{truth(PICTURE, LAYER)[18, 12, 3]:.5g}"
    page = visitor.open(f"/activations?layers={LAYER}")
    click_cell(page, GRID, 18, 12, 3)
    page.wait_for_url(re.compile("channel=18"))
    expect(page.get_by_text(f"At row 12, column 3: {value}")).to_be_visible()
    visitor.settle()
    assert "place=12%2C3" in page.url
    copy = stranger.open(page.url.removeprefix(visitor.url))
    expect(copy.get_by_text(f"At row 12, column 3: {value}")).to_be_visible()
    assert {mark.item for mark in marks(copy, GRID)} == set(range(32))


def test_a_cell_of_the_board_stays_marked_in_every_panel(visitor: Visitor) -> None:
    page = visitor.open(board(("cifar-resnet20", PICTURE, LAYER), ("cifar-resnet20@random", PICTURE, LAYER)))
    click_cell(page, BOARD, 7, 2, 9, panel=1)
    page.wait_for_url(re.compile("place_panel=2"))
    visitor.settle()
    page.mouse.move(2, 2)
    for panel in (0, 1):
        assert places(marks(page, BOARD, panel=panel)) == {(2, 3, 9, 10)}


def test_pointing_marks_the_same_place_in_every_tile_the_overview_and_the_sidebar(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    point_at(page, GRID, 10, 4, 12)
    in_grid = marks(page, GRID)
    assert {mark.item for mark in in_grid} == set(range(32))
    for mark in in_grid:  # tiles are small: marks are larger than cells, around their middles
        assert (mark.top + mark.bottom) / 2 == pytest.approx(4.5, abs=0.05)
        assert (mark.left + mark.right) / 2 == pytest.approx(12.5, abs=0.05)
    assert places(marks(page, "activations_overview")) == {(4, 5, 12, 13)}
    in_hand = page.locator(".figure-in-hand").bounding_box()
    picture = page.locator(".st-key-picture_in_hand img").bounding_box()
    assert in_hand is not None
    assert picture is not None
    middle = (in_hand["x"] + in_hand["width"] / 2 - picture["x"]) / picture["width"]
    assert middle == pytest.approx(12.5 / 16, abs=0.02)
    page.mouse.move(2, 2)
    expect(page.locator(".figure-in-hand")).to_have_count(0)
    assert marks(page, GRID) == []


def test_a_layer_of_another_size_and_a_mirrored_panel_are_marked_where_the_place_is(
    visitor: Visitor, truth: Truth
) -> None:
    early, late = "layer1.0.conv1", "layer3.0.conv1"
    link = board(
        ("cifar-resnet20", PICTURE, LAYER),
        ("cifar-resnet20", PICTURE, early),
        ("cifar-resnet20", PICTURE, late),
        ("cifar-resnet20", f"{PICTURE}~mirror", LAYER),
    )
    page = visitor.open(f"{link}&show=one+channel&board_channel=5")
    point_at(page, BOARD, 5, 10, 3)
    assert places(marks(page, BOARD, panel=0)) == {(10, 11, 3, 4)}
    assert places(marks(page, BOARD, panel=1)) == {(20, 22, 6, 8)}  # 32 cells instead of 16
    assert places(marks(page, BOARD, panel=2)) == {(5, 6, 1, 2)}  # 8 cells
    assert places(marks(page, BOARD, panel=3)) == {(10, 11, 12, 13)}  # mirrored: 15 - 3
    said = page.locator(f".st-key-{BOARD} .figure-label:not([hidden])").all_text_contents()
    mirrored = truth(f"{PICTURE}~mirror", LAYER)[5, 10, 12]
    assert float(said[2]) == pytest.approx(float(mirrored), rel=1e-4)
    assert float(said[1]) == pytest.approx(float(truth(PICTURE, late)[5, 5, 1]), rel=1e-4)


def test_patches_of_a_vision_transformer_lie_on_the_picture_and_other_layers_mark_nothing(
    visitor: Visitor,
) -> None:
    picture = "bundled-imagenet/0"
    link = board(
        ("vit_b_16@random", picture, "encoder.layers.encoder_layer_0"),
        ("resnet18@random", picture, "layer1.0.conv1"),
    )
    page = visitor.open(f"{link}&show=one+channel&board_channel=5")
    point_at(page, BOARD, 5, 6, 9)
    assert places(marks(page, BOARD, panel=0)) == {(6, 7, 9, 10)}
    assert places(marks(page, BOARD, panel=1)) == {(24, 28, 36, 40)}  # 14 patches, 56 cells
    # The same values read as a sequence lie on no picture.
    page = visitor.open(
        "/activations?model=vit_b_16@random&layers=encoder.layers.encoder_layer_0&reading=sequence"
    )
    plot = page.locator(f".st-key-{GRID} .figure-plot")
    plot.hover()
    assert page.locator(f".st-key-{GRID} .figure-mark").get_attribute("d") in (None, "")


def test_a_swin_layers_cells_lie_on_the_picture(visitor: Visitor) -> None:
    picture = "bundled-imagenet/0"
    link = board(("swin_t@random", picture, "features.3"), ("swin_t@random", picture, "features.1"))
    page = visitor.open(f"{link}&show=one+channel&board_channel=5")
    point_at(page, BOARD, 5, 6, 9)
    assert places(marks(page, BOARD, panel=0)) == {(6, 7, 9, 10)}
    assert places(marks(page, BOARD, panel=1)) == {(12, 14, 18, 20)}  # 28 cells, 56 cells


def test_tiles_are_walked_and_chosen_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    plot, words = page.locator(f".st-key-{GRID} .figure-plot"), page.locator(f".st-key-{GRID} .figure-words")
    plot.focus()
    for key, channel in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowDown", 9), ("ArrowLeft", 8)):
        page.keyboard.press(key)
        expect(words).to_contain_text(f"channel {channel},")
    page.keyboard.press("Enter")
    expect(words).to_contain_text("chosen")
    page.wait_for_url(re.compile("channel=8"))
    expect(page.get_by_role("img", name="Channel 8 is ")).to_be_visible()
    visitor.settle()
    plot.focus()
    page.keyboard.press("Escape")
    expect(plot).not_to_be_focused()


def test_a_change_of_theme_draws_the_figure_in_its_colours_without_a_reload(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    ink = f"document.querySelector('.st-key-{GRID} .figure-plot')._fullLayout.font.color"
    before = page.evaluate(ink)
    page.evaluate("window.stays = true")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ink} !== {before!r}")
    visitor.settle()
    assert page.evaluate("window.stays")
    assert page.evaluate(ink) == page.evaluate(
        f"getComputedStyle(document.querySelector('.st-key-{GRID} .figure'))"
        ".getPropertyValue('--st-text-color').trim()"
    )
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{ink} === {before!r}")


def test_a_figure_is_saved_as_png_and_svg(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    frame = page.locator(f".st-key-{GRID} .figure")
    width, height = frame.evaluate("figure => [figure.clientWidth, figure.clientHeight]")
    for kind in ("PNG", "SVG"):
        frame.hover()
        with page.expect_download() as arriving:
            frame.get_by_role("button", name=f"Save as {kind}").click()
        name = f"cifar-resnet20-bundled-cifar10-0-{LAYER}.{kind.lower()}"
        assert arriving.value.suggested_filename == name
        arriving.value.save_as(tmp_path / name)
    with Image.open(tmp_path / f"{name[:-4]}.png") as picture:
        assert picture.size == (2 * width, 2 * (height + 60))
        assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    svg = ElementTree.parse(tmp_path / name).getroot()  # noqa: S314 - our own file
    assert (svg.get("width"), svg.get("height")) == (str(2 * width), str(2 * (height + 60)))
    words = " ".join(svg.itertext())
    assert f"{LAYER} of cifar-resnet20" in words
    assert PICTURE in words


def test_a_grid_of_512_channels_is_taken_away_as_a_picture(visitor: Visitor) -> None:
    page = visitor.open(
        "/activations?model=resnet18@random&image=bundled-imagenet/0&layers=layer4.0.conv1&tiles=512"
    )
    page.get_by_role("button", name="Take away").click()
    with page.expect_download() as arriving:
        page.get_by_role("button", name="Picture (PNG)").click()
    with Image.open(io.BytesIO(Path(arriving.value.path()).read_bytes())) as picture:
        assert picture.width == 2 * page.locator(f".st-key-{GRID} .figure").evaluate("one => one.clientWidth")
        assert len(picture.convert("RGB").resize((60, 60)).getcolors(3600) or ()) > 50


def test_a_figure_fills_the_screen_and_comes_back(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    frame = page.locator(f".st-key-{GRID} .figure")
    height = f"document.querySelector('.st-key-{GRID} .figure-plot')._fullLayout.height"
    before = page.evaluate(height)
    frame.hover()
    frame.get_by_role("button", name="Full screen").click()
    page.wait_for_function(f"{height} === window.innerHeight")
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function(f"{height} === {before}")


def test_the_place_of_a_figure_has_its_height_before_plotly_comes(browser: Browser, server: Server) -> None:
    def later(route: Route) -> None:
        held.append(route)

    held: list[Route] = []
    with new_context(browser) as context, visiting(context, server.url) as visitor:
        page = visitor.page
        page.route(re.compile("plotly.min.js"), later)
        page.goto(f"{server.url}/activations?layers={LAYER}")
        place = page.locator(f".st-key-{GRID}")
        page.locator(f".st-key-{GRID} .figure[data-state=waiting]").wait_for()
        expect(page.locator('[data-test-script-state="notRunning"]')).to_be_attached()
        before = place.bounding_box()
        for route in held:
            route.continue_()
        visitor.settle()
        after = place.bounding_box()
        assert before is not None
        assert after is not None
        assert after["height"] == before["height"]


def _cut_off(route: Route) -> None:
    route.abort()


def _hang(_route: Route) -> None:
    """Let the request go unanswered."""


@pytest.mark.parametrize("treat", [_cut_off, _hang])
def test_without_plotly_the_place_says_so(
    browser: Browser, server: Server, treat: Callable[[Route], None]
) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        page.route(re.compile("plotly.min.js"), treat)
        page.goto(f"{server.url}/activations?layers={LAYER}")
        words = page.locator(f".st-key-{GRID}").get_by_text("This figure cannot be drawn here: plotly.js")
        expect(words).to_be_visible()
        page.get_by_role("button", name="Take away").click()
        expect(page.get_by_role("button", name="Values (NPZ")).to_be_visible()


def test_scripts_are_kept_for_good_compressed_and_named_in_the_header_of_pages(visitor: Visitor) -> None:
    request = visitor.page.request
    links = request.get(f"{visitor.url}/activations").headers["link"]
    named = re.findall(r"<(figure/[^>]+)>", links)
    assert any(address.endswith("/plotly.min.js") for address in named)
    for address in named:
        answer = request.get(f"{visitor.url}/{address}")
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        assert "javascript" in answer.headers["content-type"]
    assert "link" not in request.get(f"{visitor.url}/_stcore/health").headers
    assert request.get(f"{visitor.url}/figure/0/other.js").status == 404


def heap(page: Page) -> int:
    """Bytes of JavaScript that are in use, after the garbage is collected."""
    session = page.context.new_cdp_session(page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used = int(session.send("Runtime.getHeapUsage")["usedSize"])
    session.detach()
    return used


def test_switching_layers_does_not_fill_the_browsers_memory(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers=layer1.0.conv1&layers={LAYER}")

    def switch(times: int) -> None:
        for turn in range(times):
            name = (LAYER, "layer1.0.conv1")[turn % 2]
            page.get_by_role("radio", name=name).click()
            shape = "32 channels" if name == LAYER else "16 channels"
            expect(page.get_by_role("img", name=f"of {shape[:2]} channels of {name}")).to_be_visible()

    switch(20)
    before = heap(page)
    switch(60)
    assert heap(page) - before < 6_000_000
