"""From a click on the compare board until its four panels of 64 channels are painted, in a real browser.

Everything is warm and cached on every side. The board is clicked from one preset to another; the page of one
panel from one layer to another; the page of four `make_subplots` figures from one set of layers to another.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle

from playwright.sync_api import Locator, Page

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
from benchmarks.peers.article import FOUR_LAYERS, SETS
from benchmarks.servers import PEERS, serving
from benchmarks.table import Row

ROUNDS = 9
VIEW = "?model=resnet18@random&image=bundled-imagenet/0" + "".join(f"&layers={name}" for name in FOUR_LAYERS)
BOARD, GRID = drawn("compare_board"), drawn("activations_grid")
FIGURES = '[data-testid="stPlotlyChart"] .main-svg'


def rows() -> Iterator[Row]:
    """Measure the three pages in turns in one browser."""
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        app = stack.enter_context(serving())
        four_subplots = stack.enter_context(serving(PEERS / "four_subplots_page.py"))

        def page_at(url: str, painted: str) -> Page:
            page = context.new_page()
            time_to_open(page, url, painted)
            return page

        board = page_at(f"{app}/compare{VIEW}", BOARD)
        single = page_at(f"{app}/activations{VIEW}", GRID)
        peer = page_at(four_subplots, FIGURES)
        presets = [board.get_by_role("button", name=name) for name in ("These pictures", "These layers")]
        layers = [
            single.locator(".st-key-activations_layer").get_by_text(name, exact=True)
            for name in reversed(FOUR_LAYERS)
        ]
        sets = [peer.locator(".st-key-layers").get_by_text(name, exact=True) for name in reversed(SETS)]
        taken = paintings_in_turns(
            {
                "board": _clicks(board, presets, BOARD),
                "single": _clicks(single, layers, GRID),
                "subplots": _clicks(peer, sets, FIGURES),
            },
            rounds=ROUNDS,
            warm_up=4,
        )
    measured = "click to a board of 4 panels of 64 of 56x56, painted"
    yield from painted_rows(measured, "the page of one panel", taken["board"], taken["single"], 3.2)
    yield from painted_rows(measured, "four make_subplots figures", taken["board"], taken["subplots"], 0.16)


def _clicks(page: Page, targets: list[Locator], painted: str) -> Callable[[], Painting]:
    """Every call clicks the next target and tells the times."""
    following = cycle(targets)
    return lambda: time_of_click(page, next(following), painted)
