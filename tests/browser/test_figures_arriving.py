"""While what draws figures is on its way: nothing jumps, nothing is lost, and what cannot come is told of."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.drawn import GRID
from tests.support.server import Server
from tests.support.visitor import new_context, visiting

pytestmark = pytest.mark.browser

PLOTLY, DRAWS = re.compile(r"plotly\.min\.js"), re.compile(r"/figure\.js")
PAGES = {
    "start": "/",
    "samples": "/samples",
    "layers": "/layers",
    "activations": "/activations",
    "one channel": "/activations?layers=layer2.0.conv1&channel=3",
    "a vector": "/activations?layers=fc",
    "compare": "/compare",
    "compare one channel": "/compare?show=one%20channel",
    "compare summaries": "/compare?show=summary",
    "channel": "/channel?activations_layer=layer2.0.conv1&channel=3",
    "model card": "/card",
}

# What moved on the page since the function was called, by how much, and what it was.
WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver(list => {
        for (const shift of list.getEntries())
            window.shifts.push([shift.value, ...shift.sources.map(source => source.node?.className ?? '')]);
    }).observe({type: 'layout-shift'});
}"""
# Two frames are painted, after which the browser has told of what moved in them.
PAINTED = """() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(() =>
    setTimeout(painted))))"""
STILL = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
    && [...document.querySelectorAll('.figure')].every(figure => figure.dataset.state === 'waiting')
    && [...document.images].every(image => image.complete)"""


def hold(page: Page, script: re.Pattern[str]) -> Callable[[], None]:
    """Let a script wait on its way until what is returned is called."""
    held: list[Route] = []
    released = False

    def keep(route: Route) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    def release() -> None:
        nonlocal released
        released = True
        for route in held:
            route.continue_()

    page.route(script, keep)
    return release


@pytest.mark.parametrize("link", PAGES.values(), ids=PAGES.keys())
def test_nothing_on_the_page_moves_when_its_figures_are_drawn(
    browser: Browser, server: Server, link: str
) -> None:
    with new_context(browser) as context, visiting(context, server.url) as visitor:
        page = visitor.page
        release = hold(page, PLOTLY)
        page.goto(f"{server.url}{link}")
        page.locator(".figure[data-state=waiting]").first.wait_for(state="attached")
        page.wait_for_function(STILL)
        page.evaluate(PAINTED)
        page.evaluate(WATCH)
        release()
        visitor.settle()
        page.evaluate(PAINTED)
        assert page.evaluate("window.shifts") == []


def test_a_figure_is_drawn_though_the_page_changes_while_its_scripts_arrive(
    browser: Browser, server: Server
) -> None:
    with new_context(browser) as context, visiting(context, server.url) as visitor:
        page = visitor.page
        release = hold(page, DRAWS)
        page.goto(f"{server.url}/activations?layers=layer1.0.conv1")
        page.locator(f".st-key-{GRID} .figure").wait_for(state="attached")
        paper = f"getComputedStyle(document.querySelector('.st-key-{GRID} .figure'))"
        paper += ".getPropertyValue('--st-background-color')"
        before = page.evaluate(paper)
        page.emulate_media(color_scheme="dark")  # every component is called again
        page.wait_for_function(f"{paper} !== {before!r}")
        release()
        visitor.settle()
        for figure in page.locator(".figure").all():
            expect(figure.locator(".main-svg").first).to_be_visible()
            expect(figure.get_by_role("toolbar")).to_have_count(1)


def test_the_place_says_so_when_the_script_that_draws_hangs(browser: Browser, server: Server) -> None:
    with new_context(browser) as context:
        page = context.new_page()
        release = hold(page, DRAWS)
        page.goto(f"{server.url}/activations?layers=layer1.0.conv1")
        words = page.locator(f".st-key-{GRID}").get_by_text("This figure cannot be drawn here: plotly.js")
        expect(words).to_be_visible()
        release()
        expect(page.locator(f".st-key-{GRID} .figure[data-state=drawn]")).to_be_visible()
        expect(words).to_have_count(0)


def test_the_place_says_so_when_plotly_fails(browser: Browser, server: Server) -> None:
    def broken(route: Route) -> None:
        script = "window.Plotly = {react() { throw new Error('no memory'); }, purge() {}};"
        route.fulfill(body=script, content_type="text/javascript")

    with new_context(browser) as context:
        page = context.new_page()
        page.route(PLOTLY, broken)
        page.goto(f"{server.url}/activations?layers=layer1.0.conv1")
        place = page.locator(f".st-key-{GRID}")
        expect(
            place.get_by_text("This figure cannot be drawn here: your browser gave up on it")
        ).to_be_visible()
