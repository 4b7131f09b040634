"""From a click on the next page of 120 pictures until their thumbnails are painted, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext

from benchmarks.browser import (
    Painting,
    chromium,
    drawn,
    painted_rows,
    paintings_in_turns,
    time_of_click,
    time_to_open,
    visitor,
)
from benchmarks.servers import APP_WITHOUT, serving
from benchmarks.table import Row
from tests.support.server import DASHBOARD

ROUNDS = 11
WARM_UP = 2
PAGE = 120
SHEET, WITHOUT = drawn("samples_sheet"), '[data-testid="stMain"]'


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
        taken = paintings_in_turns(turns, rounds=ROUNDS, warm_up=WARM_UP)
    measured, against = "next page of 120 thumbnails", "the same page without thumbnails"
    yield from painted_rows(measured, against, taken["app"], taken["without"], 1.6)


def _write_pictures(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    for index in range(count):
        pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((32, 32)).save(folder / f"{index:05}.png")


def _turns(context: BrowserContext, url: str, painted: str) -> Callable[[], Painting]:
    """Open the folder; then every call turns to the next page and tells the times."""
    page = context.new_page()
    time_to_open(page, f"{url}/samples?source=folder", painted)
    next_page = page.locator(".st-key-page").get_by_role("button", name="Next")
    return lambda: time_of_click(page, next_page, painted)
