"""From a click on the page of a channel until its first card is drawn, against a click on Activations.

Both are told from the click until two frames after the last change of the figure in question; what the other
cards do meanwhile is not waited for. On Activations everything is cached. The page of the channel is measured
with a channel that was looked at before, and with one that nobody has looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle

from playwright.sync_api import Locator, Page

from benchmarks.browser import chromium, drawn, visitor
from benchmarks.peers.article import LAYERS
from benchmarks.servers import serving
from benchmarks.stopwatch import in_turns
from benchmarks.table import Row, ratio_row

ROUNDS = 7
LIMIT = 1.5
REST = 1000  # milliseconds in which the figure no longer changes
VIEW = "?model=resnet18@random&image=bundled-imagenet/0"
ACTIVATIONS = f"/activations{VIEW}" + "".join(f"&layers={name}" for name in LAYERS)
CHANNEL = f"/channel{VIEW}&layers=layer1.0.conv1&channel=3"

_DONE = "!document.querySelector('[class*=\"st-key-ask_\"]')"
"""No card asks any more whether its work is done."""

_WATCH = """key => {
    let from = 0;
    window.painted = 0;
    addEventListener('click', event => { from = event.timeStamp; window.painted = 0; }, true);
    new MutationObserver(records => {
        const inside = records.some(({ target }) => {
            const element = target.nodeType === 1 ? target : target.parentElement;
            return element?.closest(`.st-key-${key}`);
        });
        if (!inside || !from) return;
        const note = () => { window.painted = performance.now() - from; };
        requestAnimationFrame(() => requestAnimationFrame(note));
    }).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def rows() -> Iterator[Row]:
    """Measure both pages in turns in one browser, on one server."""
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        url = stack.enter_context(serving())

        def page_at(link: str, key: str) -> Page:
            page = context.new_page()
            page.goto(url + link)
            page.locator(drawn(key)).first.wait_for()
            page.wait_for_function(_DONE)
            page.evaluate(_WATCH, key)
            return page

        grid = page_at(ACTIVATIONS, "activations_grid")
        seen, unseen = (page_at(CHANNEL, "channel_looks") for _ in range(2))
        layers = [
            grid.locator(".st-key-activations_layer").get_by_text(name, exact=True)
            for name in reversed(LAYERS)
        ]
        ways = [seen.get_by_role("button", name=name) for name in ("Previous", "Next")]
        taken = in_turns(
            {
                "activations": _clicks(grid, layers),
                "seen": _clicks(seen, ways),
                "unseen": _clicks(unseen, [unseen.get_by_role("button", name="Next")]),
            },
            rounds=ROUNDS,
            warm_up=2,
        )
    measured = "click to the first card of another channel"
    yield ratio_row(measured, "a click on Activations", taken["seen"], taken["activations"], LIMIT)
    yield ratio_row(
        f"{measured}, never looked at", "a click on Activations", taken["unseen"], taken["activations"], LIMIT
    )


def _clicks(page: Page, targets: list[Locator]) -> Callable[[], float]:
    """Every call clicks the next target and tells the seconds."""
    following = cycle(targets)

    def click() -> float:
        page.bring_to_front()
        next(following).click()
        page.wait_for_function("window.painted > 0")
        page.wait_for_timeout(REST)
        page.wait_for_function(_DONE)
        return float(page.evaluate("window.painted")) / 1000

    return click
