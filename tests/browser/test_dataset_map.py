"""The map of pictures in a browser: thumbnails on hover, a click, a line around points, keys alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from actviz_core import load_model, open_source, sweep
from actviz_core.analysis.outline import inside
from actviz_core.analysis.projection import project
from actviz_core.settings import read_settings
from actviz_core.sweep import Run
from actviz_core.ui.dataset.pictures import label_of
from tests.support.server import Server, running
from tests.support.visitor import Visitor, new_context, visiting

pytestmark = pytest.mark.browser

KEY = "dataset_apart_map"
LAYERS = ["layer1", "fc"]

_POINT = f"""(item) => {{
    const plot = document.querySelector('.st-key-{KEY} .figure-plot');
    plot.scrollIntoView({{block: 'center'}});
    const {{xaxis, yaxis}} = plot._fullLayout, box = plot.getBoundingClientRect();
    for (const trace of plot._fullData) {{
        const at = trace.customdata.indexOf(item);
        if (at >= 0) return [box.left + xaxis._offset + xaxis.l2p(trace.x[at]),
                             box.top + yaxis._offset + yaxis.l2p(trace.y[at])];
    }}
}}"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """A run over the bundled pictures, and the data folder in which it lies."""
    data = tmp_path_factory.mktemp("swept")
    settings = read_settings({"ACTVIZ_DATA": str(data), "ACTVIZ_DEVICE": "cpu"})
    model = load_model("cifar-resnet20", settings=settings)
    return sweep(model, open_source("bundled-cifar10", settings), LAYERS, settings=settings), data


@pytest.fixture(scope="module")
def below(swept: tuple[Run, Path]) -> Iterator[Server]:
    """A server with that run, below a path."""
    environ = {"ACTVIZ_DATA": str(swept[1]), "ACTVIZ_DEVICE": "cpu"}
    with running(environ=environ, below="/looks/inside") as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture
def guest(browser: Browser, below: Server) -> Iterator[Visitor]:
    with new_context(browser) as context, visiting(context, below.url) as visitor:
        yield visitor


def open_map(guest: Visitor, run: Run) -> Page:
    page = guest.open(f"/dataset?run={run.id}&question=apart&layer=fc")
    expect(page.get_by_text("In fc, the most similar other picture")).to_be_visible()
    page.locator(f".st-key-{KEY} .figure[data-state=drawn]").wait_for()
    guest.settle()
    return page


def point(page: Page, item: int) -> tuple[float, float]:
    """Where a picture's point is on the screen."""
    x, y = page.evaluate(_POINT, item)
    return x, y


def point_at(page: Page, item: int) -> tuple[float, float]:
    """Point at a picture."""
    x, y = point(page, item)
    page.mouse.move(x - 1, y - 1)
    page.mouse.move(x, y)
    return x, y


def test_pointing_at_a_picture_shows_it_small_and_a_click_asks_why(
    guest: Visitor, swept: tuple[Run, Path]
) -> None:
    run = swept[0]
    page = open_map(guest, run)
    card = page.locator(f".st-key-{KEY} .figure-card")
    expect(card).to_be_hidden()
    x, y = point_at(page, 13)
    expect(card).to_be_visible()
    expect(card).to_have_text(label_of(run, 13))
    image = card.locator("img")
    expect(image).to_have_attribute("src", re.compile(r"/looks/inside/thumbnail/bundled-cifar10/13\?"))
    page.wait_for_function(
        "key => document.querySelector(`.st-key-${key} .figure-card img`).naturalWidth === 96", arg=KEY
    )
    page.mouse.click(x, y)
    page.wait_for_url(re.compile(r"/looks/inside/why\?.*image=bundled-cifar10%2F13"))
    guest.settle()


def test_a_line_around_points_chooses_them_and_none_else(guest: Visitor, swept: tuple[Run, Path]) -> None:
    run = swept[0]
    page = open_map(guest, run)
    x, y = point(page, 5)
    page.mouse.move(x - 90, y - 90)
    page.mouse.down()
    for right, down in ((90, -90), (90, 90), (-90, 90), (-90, -85)):
        page.mouse.move(x + right, y + down, steps=6)
    page.mouse.up()
    expect(page.get_by_role("heading", name="The chosen pictures")).to_be_visible()
    guest.settle()
    told = re.search(r"lasso=pca%3Afc%3A([^&]+)", page.url)
    assert told is not None
    corners = [tuple(map(float, corner.split("%2C"))) for corner in told[1].split("%3B")]
    chosen = inside(project(run.mean("fc")).points, corners)
    assert chosen[5]
    assert 0 < chosen.sum() < 20
    count = f"{chosen.sum()} pictures: " if chosen.sum() > 1 else "1 picture: "
    expect(page.get_by_text(count)).to_be_visible()
    lit = page.evaluate(
        f"""() => document.querySelector('.st-key-{KEY} .figure-plot')._fullData.flatMap(
            trace => trace.selectedpoints.map(at => trace.customdata[at]))"""
    )
    assert sorted(lit) == [at for at in range(20) if chosen[at]]
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_role("heading", name="The chosen pictures")).to_have_count(0)


def test_a_drag_zooms_once_the_button_says_so(guest: Visitor, swept: tuple[Run, Path]) -> None:
    page = open_map(guest, swept[0])
    frame = page.locator(f".st-key-{KEY} .figure")
    frame.hover()
    frame.get_by_role("button", name="Drag to zoom").click()
    x, y = point(page, 5)
    reach = (
        f"(([a, b]) => b - a)(document.querySelector('.st-key-{KEY} .figure-plot')._fullLayout.xaxis.range)"
    )
    before = page.evaluate(reach)
    page.mouse.move(x - 60, y - 60)
    page.mouse.down()
    page.mouse.move(x + 60, y + 60, steps=5)
    page.mouse.up()
    page.wait_for_function(f"{reach} < {before} / 2")
    expect(frame.get_by_role("button", name="Drag to draw around points")).to_be_attached()
    assert "lasso" not in page.url


def test_pictures_are_walked_through_and_opened_with_keys_alone(
    guest: Visitor, swept: tuple[Run, Path]
) -> None:
    run = swept[0]
    page = open_map(guest, run)
    plot, words = page.locator(f".st-key-{KEY} .figure-plot"), page.locator(f".st-key-{KEY} .figure-words")
    card = page.locator(f".st-key-{KEY} .figure-card")
    plot.focus()
    seen = set()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        expect(card).to_be_visible()
        expect(words).to_have_text(card.inner_text())
        seen.add(card.locator("img").get_attribute("src"))
    assert len(seen) > 2
    source = str(card.locator("img").get_attribute("src"))
    index = re.search(r"/(\d+)\?", source)
    assert index is not None
    expect(card).to_have_text(label_of(run, int(index[1])))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/why\?.*image=bundled-cifar10%2F{index[1]}(&|$)"))
    guest.settle()


def test_thumbnails_of_what_is_not_there_are_refused(guest: Visitor) -> None:
    request = guest.page.request
    answer = request.get(f"{guest.url}/thumbnail/bundled-cifar10/3")
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    for address in (
        "bundled-cifar10/20",
        "folder/0",
        "nothing/0",
        "upload/0",
        "bundled-cifar10/99999999999999999999",
    ):
        assert request.get(f"{guest.url}/thumbnail/{address}").status == 404, address
