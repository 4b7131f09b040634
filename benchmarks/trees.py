"""From a click on Layers until the table is painted: a network of 1,841 modules against resnet18."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from playwright.sync_api import BrowserContext

from benchmarks.browser import chromium, time_of_click, time_to_open, visitor
from benchmarks.servers import serving
from benchmarks.stopwatch import in_turns
from benchmarks.table import Row, ratio_row

LARGE, SMALL = "timm/efficientnetv2_xl", "resnet18"
TABLE = ".st-key-layers_table canvas"
ROUNDS = 9


def rows() -> Iterator[Row]:
    """Measure both in turns, loaded and captured before, in one browser on one server."""
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        url = stack.enter_context(serving())
        turns = {name: _opens(context, url, name) for name in (LARGE, SMALL)}
        timings = in_turns(turns, rounds=ROUNDS, warm_up=2)
    yield ratio_row(f"Layers page of {LARGE}", f"that of {SMALL}", timings[LARGE], timings[SMALL], 1.5)


def _opens(context: BrowserContext, url: str, name: str) -> Callable[[], float]:
    """Every call goes to another page, clicks its way back, and gives the seconds of the way back."""
    page = context.new_page()
    time_to_open(page, f"{url}/layers?model={name}@random", TABLE)

    def back() -> float:
        time_of_click(page, page.get_by_role("link", name="About this server").first, "h1")
        return time_of_click(page, page.get_by_role("link", name="Layers", exact=True), TABLE).done

    return back
