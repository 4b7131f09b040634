"""Everything can be read and found: contrast, names shown whole, the menu, and nothing that jumps."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.server import Server
from tests.support.visitor import NARROW, WIDE, Visitor, new_context, visiting

pytestmark = pytest.mark.browser

PAGES = {
    "start": "/",
    "samples": "/samples",
    "layers": "/layers",
    "activations": "/activations?model=cifar-resnet20@random",
    "one channel": "/activations?layers=layer2.0.conv1&channel=3",
    "a vector": "/activations?layers=fc",
    "channel": "/channel?layers=layer2.0.conv1&channel=3",
    "why": "/why?against=5",
    "compare": "/compare",
    "own weights": "/weights",
    "model card": "/card",
    "about": "/about",
}
MENU = {"/": "Start", "/samples": "Samples", "/layers": "Layers", "/activations": "Activations"}
MENU |= {"/compare": "Compare", "/why": "Why", "/dataset": "Data set"}

TOPS = """() => {
    window.tops = [];
    const note = () => {
        const frame = document.querySelector('.st-key-activations_grid');
        if (frame && frame.querySelector('.main-svg')) {  // an empty place may move: nobody sees it
            const top = Math.round(frame.getBoundingClientRect().top);
            if (top !== window.tops.at(-1)) window.tops.push(top);
        }
        requestAnimationFrame(note);
    };
    note();
}"""

OUTLINE = """() => {
    const style = getComputedStyle(document.activeElement);
    return [document.activeElement.innerText, style.outlineStyle, parseFloat(style.outlineWidth)];
}"""


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser set to one theme."""
    with new_context(browser, dark=request.param) as context:
        yield context


def come_to_rest(page: Page) -> None:
    """Wait for the end of what fades in: colours on the way there are no colours to judge."""
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")


@pytest.mark.parametrize("link", PAGES.values(), ids=PAGES.keys())
def test_axe_finds_nothing_serious(themed: BrowserContext, server: Server, link: str) -> None:
    with visiting(themed, server.url) as visitor:
        page = visitor.open(link)
        come_to_rest(page)
        found = Axe().run(page).response["violations"]
        serious = [
            f"{finding['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
            for finding in found
            if finding["impact"] in ("serious", "critical")
            for node in finding["nodes"]
        ]
        assert serious == []


@pytest.mark.parametrize("link", MENU, ids=list(MENU.values()))
def test_the_menu_of_a_narrow_window_shows_the_page_that_is_open(
    browser: Browser, server: Server, link: str
) -> None:
    with new_context(browser, size=NARROW) as context, visiting(context, server.url) as visitor:
        page = visitor.open(link)
        current = page.get_by_test_id("stTopNav").locator("a[aria-current=page]")
        assert current.inner_text().endswith(MENU[link])
        opacity = current.evaluate("link => getComputedStyle(link.closest('.rc-overflow-item')).opacity")
        assert opacity == "1"  # what has no room is laid over the first one, and cannot be seen
        box = current.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= NARROW[0]


def test_the_menus_focus_can_be_seen(visitor: Visitor) -> None:
    page = visitor.open("/about")
    for _ in range(60):
        page.keyboard.press("Tab")
        text, style, width = page.evaluate(OUTLINE)
        if text and text.strip().endswith("Layers") and page.locator("nav a:focus").count():
            assert style == "solid"
            assert width >= 2
            return
    pytest.fail("Tab does not lead to the menu.")


def test_a_link_that_was_opened_does_not_move_its_figure(browser: Browser, server: Server) -> None:
    with new_context(browser, size=WIDE) as context, visiting(context, server.url) as visitor:
        visitor.page.add_init_script(f"({TOPS})()")
        page = visitor.open("/activations?layers=layer1.0.conv1&layers=layer2.0.conv1&channel=3")
        tops = page.evaluate("window.tops")
        assert max(tops) - min(tops) <= 1, tops


def test_chips_show_long_names_to_their_end(visitor: Visitor) -> None:
    layers = "&".join(f"layers=encoder.layers.encoder_layer_{n}.mlp" for n in (3, 11))
    page = visitor.open(f"/layers?model=vit_b_16@random&image=bundled-imagenet/3&{layers}")
    chips = page.get_by_test_id("stSidebar").locator("[data-tag] > span[title]:visible")
    assert chips.count() == 2
    for chip in chips.all():
        assert chip.evaluate("chip => chip.scrollWidth <= chip.clientWidth + 1")
