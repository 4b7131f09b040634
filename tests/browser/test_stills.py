"""What a person sees before plotly has drawn: the same picture, at once and in the same place."""

import io
import re

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.server import Server
from tests.browser.visitor import Visitor, new_context

pytestmark = pytest.mark.browser

LINK = "/activations?layers=layer1.0.conv1&layers=layer2.0.conv1"
FRAME = ".st-key-frame_activations_grid"
STILL = f"{FRAME} img"

# Takes note of every still that is visible, at each change of the page.
_WATCH = """selector => {
    window.seen = new Set();
    new MutationObserver(() => {
        const still = document.querySelector(selector);
        if (still && getComputedStyle(still).visibility === 'visible') window.seen.add(still.src);
    }).observe(document, {subtree: true, childList: true, attributes: true});
}"""


def looks(place: Locator) -> npt.NDArray[np.int64]:
    """The pixels of a part of the page, (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB"), np.int64)


def without_plotly(page: Page) -> None:
    """Let the page wait for plotly for ever."""

    def never(_route: Route) -> None:
        pass

    page.route(re.compile("PlotlyChart"), never)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_still_looks_as_the_figure_that_takes_its_place(
    browser: Browser, server: Server, *, dark: bool
) -> None:
    with new_context(browser, dark=dark) as context:
        waiting, page = context.new_page(), context.new_page()
        without_plotly(waiting)
        for tab in (waiting, page):
            tab.goto(f"{server.url}{LINK}&colours=viridis")
        expect(page.locator(f"{FRAME} .main-svg").first).to_be_visible()
        expect(page.locator(STILL)).to_be_hidden()
        expect(waiting.locator(STILL)).to_be_visible()
        box = page.locator(FRAME).bounding_box()
        assert waiting.locator(STILL).bounding_box() == box
        page.wait_for_timeout(500)  # until the pictures in the figure are decoded
        still, figure = looks(waiting.locator(FRAME)), looks(page.locator(FRAME))
        assert still.shape == figure.shape
        cells = np.ptp(figure, axis=2) > 60
        assert cells.mean() > 0.05
        assert np.median(np.abs(still - figure)[cells]) <= 12
        assert np.abs(still[-4:] - figure[-4:]).max() <= 3
        waiting.unroute_all(behavior="ignoreErrors")


def test_another_layer_is_seen_before_plotly_has_drawn_it(visitor: Visitor) -> None:
    page = visitor.open(LINK)
    before = page.locator(STILL).get_attribute("src")
    page.evaluate(_WATCH, STILL)
    page.get_by_role("radio", name="layer2.0.conv1").click()
    page.wait_for_function(f"document.querySelector('{STILL}').src !== {before!r}")
    visitor.settle()
    expect(page.locator(STILL)).to_be_hidden()
    after = page.locator(STILL).get_attribute("src")
    assert page.evaluate("[...window.seen]") == [after]


def test_a_figure_that_stays_the_same_is_not_covered(visitor: Visitor) -> None:
    page = visitor.open(LINK)
    page.evaluate(_WATCH, STILL)
    page.get_by_role("radio", name="max").click()
    expect(page.get_by_role("figure", name="The max of all channels")).to_be_visible()
    visitor.settle()
    assert page.evaluate("[...window.seen]") == []


def test_browsers_are_told_early_of_the_scripts_that_draw_stills(visitor: Visitor) -> None:
    request = visitor.page.request
    links = request.get(f"{visitor.url}/activations").headers["link"]
    scripts = re.findall(r"<(static/js/[^>]+)>; rel=modulepreload", links)
    assert [name.split("/")[-1].split(".")[0] for name in scripts] == ["Html", "purify"]
    for name in scripts:
        assert "javascript" in request.get(f"{visitor.url}/{name}").headers["content-type"]
    assert "link" not in request.get(f"{visitor.url}/_stcore/health").headers
