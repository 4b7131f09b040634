"""Every page, wide and light, narrow and dark: drawn whole, named for screen readers, and quiet."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.support.server import Server
from tests.support.visitor import NARROW, WIDE, new_context, visiting

pytestmark = pytest.mark.browser

PAGES = {
    "start": "/",
    "samples": "/samples",
    "layers": "/layers",
    "activations": "/activations",
    "one channel": "/activations?layers=layer2.0.conv1&channel=3",
    "a vector": "/activations?layers=fc",
    "compare": "/compare",
    "about": "/about",
}
UNNAMED = re.compile(
    r"^\s*- (button|link|combobox|textbox|searchbox|spinbutton|slider|switch|checkbox|radio|tab|option)\b"
    r"(?! \").*$",
    re.MULTILINE,
)

# What sticks out of the page, or of the figure that it is part of. Tables scroll by themselves.
CUT_OFF = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const room = main.getBoundingClientRect(), found = [];
    if (main.scrollWidth > main.clientWidth) found.push(`page: ${main.scrollWidth} > ${main.clientWidth}`);
    const check = (element, box, what) => {
        const own = element.getBoundingClientRect();
        if (own.width && (own.left < box.left - 1 || own.right > box.right + 1))
            found.push(`${what}: ${element.textContent.slice(0, 40)} ${own.left} to ${own.right},`
                + ` room ${box.left} to ${box.right}`);
    };
    const parts = 'h1, h3, p, label, button, input, img, a, .stElementContainer';
    for (const element of main.querySelectorAll(parts))
        if (!element.closest('[data-testid="stDataFrame"]')) check(element, room, 'element');
    for (const svg of main.querySelectorAll('.main-svg'))
        for (const text of svg.querySelectorAll('text')) check(text, svg.getBoundingClientRect(), 'figure');
    for (const button of main.querySelectorAll('button'))
        if (button.scrollWidth > button.clientWidth + 1) found.push(`button: ${button.textContent}`);
    return found;
}"""


@pytest.fixture(scope="module", params=[(WIDE, False), (NARROW, True)], ids=["wide-light", "narrow-dark"])
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one size, set to one theme."""
    size, dark = request.param
    with new_context(browser, size=size, dark=dark) as context:
        yield context


@pytest.mark.parametrize("link", PAGES.values(), ids=PAGES.keys())
def test_a_page_is_whole_and_named_in_its_theme(window: BrowserContext, server: Server, link: str) -> None:
    with visiting(window, server.url) as visitor:  # which fails on console errors and foreign requests
        page = visitor.open(link)
        assert page.evaluate(CUT_OFF) == []
        tree = page.locator("body").aria_snapshot()
        assert 'combobox "Model"' in tree
        assert [match[0].strip() for match in UNNAMED.finditer(tree)] == []
        expect(page.get_by_role("alert")).to_have_count(0)
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        background = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
        brightness = sum(int(part) for part in re.findall(r"\d+", background)[:3]) / 3
        assert (brightness < 128) is dark
