"""A stopwatch inside the page: from a click, or from opening a link, until the new picture is painted.

It is the same for every page and tells two times.

Seen: everywhere on the page where the picture is waited for, there is a new one, loaded, and two frames have
followed. That is what a person waits for.

Done: the script no longer runs, nothing on the page is stale, what is waited for is there, and two frames
have followed the last event, so that the picture answers to the mouse too. An event is any mutation of the
document, a message from the server, or the end of a picture's loading. It was the last one when none came in
the `QUIET` ms after it; that wait is not part of the time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from benchmarks.stopwatch import Timing, taken_in_turns
from benchmarks.table import Row, ratio_row
from tests.support.chromium import launch

QUIET = 400  # milliseconds
PATIENCE = 120_000  # milliseconds

_STOPWATCH = f"""(() => {{
    let from = 0, last = 0, painted = 0, timer = 0, clicked = true, heard = true, changed = true;
    let wanted = 'body', finish = null, seen = 0, before = new Map();
    const NOISE = '[data-testid="stStatusWidget"], [data-testid="stToolbar"]';
    const STALE = '[data-stale="true"], [data-testid="stSkeleton"]';
    const element = node => node.nodeType === 1 ? node : node.parentElement;
    const pictures = () => [...document.querySelectorAll(wanted)];
    const visible = picture => getComputedStyle(picture).visibility === 'visible';

    function isSeen() {{
        const now = pictures().filter(visible);
        const isNew = picture => !before.has(picture) || before.get(picture) !== picture.src;
        const loaded = picture => picture.tagName !== 'IMG' || (picture.complete && picture.naturalWidth > 0);
        return now.length > 0 && now.every(picture => isNew(picture) && loaded(picture));
    }}
    function look() {{
        if (!clicked || seen || !isSeen()) return;
        requestAnimationFrame(() => requestAnimationFrame(() => {{
            if (clicked && !seen && isSeen()) seen = performance.now();
        }}));
    }}
    function check() {{
        if (!finish || !clicked || !heard || !changed) return;
        if (painted < last) return active();
        const app = document.querySelector('[data-testid="stApp"]');
        if (app?.dataset.testScriptState !== 'notRunning') return;
        if (document.querySelector(STALE) || !document.querySelector(wanted)) return;
        finish([(seen || painted) - from, painted - from]);
        finish = null;
    }}
    function active() {{
        const now = last = performance.now();
        look();
        requestAnimationFrame(() => requestAnimationFrame(() => {{
            if (last === now) painted = performance.now();
        }}));
        clearTimeout(timer);
        timer = setTimeout(check, {QUIET});
    }}
    new MutationObserver(records => {{
        const targets = [...new Set(records.map(record => element(record.target)))];
        if (targets.every(target => target?.closest(NOISE))) return;
        const isWanted = target => target?.closest(wanted) || target?.querySelector(wanted);
        changed ||= clicked && targets.some(isWanted);
        active();
    }}).observe(document, {{subtree: true, childList: true, characterData: true, attributes: true}});
    window.WebSocket = class extends WebSocket {{
        constructor(...options) {{
            super(...options);
            this.addEventListener('message', () => {{ heard ||= clicked; active(); }});
        }}
    }};
    addEventListener('load', active, true);
    addEventListener('click', event => {{
        if (!clicked) {{ clicked = true; from = event.timeStamp; active(); }}
    }}, true);

    window.stopwatch = {{
        expect(selector) {{ wanted = selector; seen = 0; active(); }},
        arm(selector) {{
            wanted = selector;
            before = new Map(pictures().map(picture => [picture, picture.src]));
            clicked = heard = changed = false;
            seen = 0;
        }},
        wait() {{
            return new Promise((resolve, reject) => {{
                finish = resolve;
                setTimeout(() => reject(new Error(`${{wanted}} was not painted: ` + JSON.stringify({{
                    clicked, heard, changed, seen, painted, last, now: performance.now(),
                    stale: document.querySelectorAll(STALE).length,
                }}))), {PATIENCE});
                timer ||= setTimeout(check, {QUIET});
            }});
        }},
    }};
}})();"""


def drawn(key: str) -> str:
    """The selector of one of the app's figures as plotly draws it."""
    return f".st-key-{key} .main-svg"


@dataclass(frozen=True)
class Painting:
    """Seconds until what was waited for was seen, or all was done if it never changed, and until all was."""

    seen: float
    done: float

    def later(self, seconds: float) -> "Painting":
        """The same, had everything begun with something that takes so long."""
        return Painting(self.seen + seconds, self.done + seconds)


@dataclass(frozen=True)
class Paintings:
    """One page's times, in the order of the rounds."""

    taken: tuple[Painting, ...]

    @property
    def seen(self) -> Timing:
        """Until the picture was seen."""
        return Timing(tuple(one.seen for one in self.taken))

    @property
    def done(self) -> Timing:
        """Until nothing changed any more."""
        return Timing(tuple(one.done for one in self.taken))


def paintings_in_turns(
    pages: Mapping[str, Callable[[], Painting]], *, rounds: int, warm_up: int = 1
) -> dict[str, Paintings]:
    """Paint pages in turns. Warm-up rounds are not counted."""
    taken = taken_in_turns(pages, rounds=rounds, warm_up=warm_up)
    return {name: Paintings(tuple(paintings)) for name, paintings in taken.items()}


def painted_rows(
    measured: str,
    against: str,
    ours: Paintings,
    theirs: Paintings,
    limit: float | None = None,
    *,
    seen_limit: float | None = None,
) -> Iterator[Row]:
    """A row until the picture answers to the mouse too, which has the target, and one until it is seen."""
    yield ratio_row(f"{measured} and clickable", against, ours.done, theirs.done, limit)
    yield ratio_row(f"{measured}, seen", against, ours.seen, theirs.seen, seen_limit)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who was never here: nothing remembered, nothing cached; every page has the stopwatch."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_STOPWATCH)
    try:
        yield context
    finally:
        context.close()


def time_to_open(page: Page, url: str, wanted: str) -> Painting:
    """Open an address; the times from there until `wanted`, a CSS selector, is there and painted."""
    page.goto(url, wait_until="commit")
    page.evaluate("wanted => stopwatch.expect(wanted)", wanted)
    return _painting(page)


def time_of_click(page: Page, target: Locator, wanted: str) -> Painting:
    """Click; the times from there until the script has run, `wanted` has changed and all is painted."""
    page.bring_to_front()
    page.evaluate("wanted => stopwatch.arm(wanted)", wanted)
    target.click()
    return _painting(page)


def _painting(page: Page) -> Painting:
    seen, done = page.evaluate("stopwatch.wait()")
    return Painting(seen / 1000, done / 1000)
