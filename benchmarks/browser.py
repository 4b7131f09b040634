"""A stopwatch inside the page: from a click, or from opening a link, until the new picture is painted.

The same for every page: painted is when the script no longer runs, nothing on the page is stale, what is
waited for is there, and two frames have followed the last event. An event is any mutation of the document, a
message from the server, or the end of a picture's loading. It was the last one when none came in the `QUIET`
ms after it; that wait is not part of the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.browser.chromium import launch

QUIET = 400  # milliseconds
PATIENCE = 120_000  # milliseconds

_STOPWATCH = f"""(() => {{
    let from = 0, last = 0, painted = 0, timer = 0, clicked = true, heard = true, changed = true;
    let wanted = 'body', finish = null;
    const NOISE = '[data-testid="stStatusWidget"], [data-testid="stToolbar"]';
    const STALE = '[data-stale="true"], [data-testid="stSkeleton"]';
    const element = node => node.nodeType === 1 ? node : node.parentElement;

    function check() {{
        if (!finish || !clicked || !heard || !changed) return;
        if (painted < last) return active();
        const app = document.querySelector('[data-testid="stApp"]');
        if (app?.dataset.testScriptState !== 'notRunning') return;
        if (document.querySelector(STALE) || !document.querySelector(wanted)) return;
        finish(painted - from);
        finish = null;
    }}
    function active() {{
        const now = last = performance.now();
        requestAnimationFrame(() => requestAnimationFrame(() => {{
            if (last === now) painted = performance.now();
        }}));
        clearTimeout(timer);
        timer = setTimeout(check, {QUIET});
    }}
    new MutationObserver(records => {{
        const targets = [...new Set(records.map(record => element(record.target)))];
        if (targets.every(target => target?.closest(NOISE))) return;
        changed ||= clicked && targets.some(target => target?.closest(wanted));
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
        arm(selector) {{ wanted = selector; clicked = heard = changed = false; }},
        wait(selector) {{
            wanted = selector;
            return new Promise((resolve, reject) => {{
                finish = resolve;
                setTimeout(() => reject(new Error(`${{selector}} was not painted: ` + JSON.stringify({{
                    clicked, heard, changed, painted, last, now: performance.now(),
                    stale: document.querySelectorAll(STALE).length,
                }}))), {PATIENCE});
                timer ||= setTimeout(check, {QUIET});
            }});
        }},
    }};
}})();"""


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


def seconds_to_open(page: Page, url: str, wanted: str) -> float:
    """Open an address; the time from there until `wanted`, a CSS selector, is there and painted."""
    page.goto(url, wait_until="commit")
    return _seconds(page, wanted)


def seconds_of_click(page: Page, target: Locator, wanted: str) -> float:
    """Click; the time from there until the script has run, `wanted` has changed and all is painted."""
    page.bring_to_front()
    page.evaluate("wanted => stopwatch.arm(wanted)", wanted)
    target.click()
    return _seconds(page, wanted)


def _seconds(page: Page, wanted: str) -> float:
    return float(page.evaluate("wanted => stopwatch.wait(wanted)", wanted)) / 1000
