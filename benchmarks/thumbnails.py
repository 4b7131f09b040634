"""From a click on the next page of 120 pictures until their thumbnails are painted, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext

from benchmarks.browser import chromium, seconds_of_click, seconds_to_open, visitor
from benchmarks.servers import APP_WITHOUT, serving
from benchmarks.stopwatch import in_turns
from benchmarks.table import Row, ratio_row
from tests.browser.server import DASHBOARD

ROUNDS = 11
WARM_UP = 2
PAGE = 120
SHEET, WITHOUT = ".st-key-samples_sheet .main-svg", '[data-testid="stMain"]'


def rows() -> Iterator[Row]:
    """Measure pages that nobody has seen yet, of a folder of small PNG files."""
    with ExitStack() as stack:
        images = Path(stack.enter_context(TemporaryDirectory()))
        _write_pictures(images, PAGE * (ROUNDS + WARM_UP + 1))
        environ = {"ACTVIZ_IMAGES": str(images), "BENCHMARKS_WITHOUT": "samples_sheet"}
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        app = stack.enter_context(serving(DASHBOARD, environ=environ))
        without = stack.enter_context(serving(APP_WITHOUT, environ=environ))
        turns = {"app": _turns(context, app, SHEET), "without": _turns(context, without, WITHOUT)}
        timings = in_turns(turns, rounds=ROUNDS, warm_up=WARM_UP)
    against = "the same page without thumbnails"
    yield ratio_row("next page of 120 thumbnails", against, timings["app"], timings["without"], 1.6)


def _write_pictures(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for index in range(count):
        pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((32, 32)).save(folder / f"{index:05}.png")


def _turns(context: BrowserContext, url: str, painted: str) -> Callable[[], float]:
    """Open the folder; then every call turns to the next page and gives the seconds."""
    page = context.new_page()
    seconds_to_open(page, f"{url}/samples?source=folder", painted)
    next_page = page.locator(".st-key-page").get_by_role("button", name="Next")
    return lambda: seconds_of_click(page, next_page, painted)
