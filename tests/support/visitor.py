"""A person at a browser: opens links, waits until the page is drawn, and takes note of what went wrong."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

PATIENCE = 30_000
"""Milliseconds after which something that does not appear counts as missing."""

WIDE, NARROW = (1440, 900), (800, 900)


class Visitor:
    """One tab of a browser on one server, with the complaints that its pages gave rise to."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        # Streamlit looks for its server below a deep link before it looks at the root; the answer is a 404.
        self._probe = re.compile(re.escape(url) + r"/\w+/_stcore/(health|host-config)")
        self.page = context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", self._on_request)

    def open(self, link: str) -> Page:
        """Open a path with its query, such as ``/layers?image=patterns/0``, and wait until it is drawn."""
        self.page.goto(self.url + link)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the script has run, nothing on the page is stale, and every figure is drawn."""
        self.page.get_by_role("heading", level=1).wait_for()
        self.page.wait_for_function(
            """() => document.querySelector('[data-test-script-state="notRunning"]')
                && !document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
                && [...document.querySelectorAll('.figure')].every(one => one.dataset.state === 'drawn')"""
        )

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self._probe.fullmatch(message.location["url"]):
            self.complaints.append(f"console: {message.text} {message.location['url']}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.complaints.append(f"foreign host: {request.url}")


def new_context(browser: Browser, *, size: tuple[int, int] = WIDE, dark: bool = False) -> BrowserContext:
    """A browser profile of its own: nothing remembered, nothing cached."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    return context


@contextmanager
def visiting(context: BrowserContext, url: str) -> Iterator[Visitor]:
    """A visitor in a new tab; fails at the end if any page complained."""
    visitor = Visitor(context, url)
    try:
        yield visitor
        assert not visitor.complaints, "\n".join(visitor.complaints)
    finally:
        visitor.page.close()
