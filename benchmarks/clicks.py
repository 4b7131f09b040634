"""From a click on another layer until its 64 channels of 56x56 are painted, in a real browser.

Everything is warm and cached on every side, as for a person who switches back and forth. The page without a
figure is measured until it is done, as there is no picture to see.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

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
from benchmarks.peers.article import LAYERS
from benchmarks.servers import APP_WITHOUT, PEERS, serving
from benchmarks.table import Row
from tests.support.server import DASHBOARD

ROUNDS = 11
LINK = "/activations?model=resnet18@random&image=bundled-imagenet/0" + "".join(f"&layers={x}" for x in LAYERS)


@dataclass(frozen=True)
class Variant:
    """A page with a control that switches the layer, and what a switch paints (a CSS selector)."""

    script: Path
    link: str
    control: str
    painted: str
    without: str = ""


def _app(painted: str, without: str = "") -> Variant:
    return Variant(APP_WITHOUT if without else DASHBOARD, LINK, "activations_layer", painted, without)


def _peer(script: str, painted: str) -> Variant:
    return Variant(PEERS / script, "", "layer", painted)


PAGE = '[data-testid="stMain"]'
VARIANTS = {
    "app": _app(drawn("activations_grid")),
    "without the grid": _app(PAGE, "activations_grid"),
    "without any figure": _app(PAGE, "figures"),
    "subplots": _peer("subplots_page.py", '[data-testid="stPlotlyChart"] .main-svg'),
    "matplotlib": _peer("matplotlib_page.py", '[data-testid="stImage"]'),
    "imshow": _peer("imshow_page.py", '[data-testid="stPlotlyChart"] .main-svg'),
}
AGAINST = {
    "without the grid": ("the same page without the figure", None),
    "without any figure": ("the same page without any of its figures", None),
    "subplots": ("make_subplots page", 0.16),
    "matplotlib": ("matplotlib page", 0.10),
    "imshow": ("px.imshow(facet_col=...) page", None),
}


def rows() -> Iterator[Row]:
    """Measure all variants in turns in one browser, each on a server of its own."""
    with ExitStack() as stack:
        context = stack.enter_context(visitor(stack.enter_context(chromium())))
        clicks = {name: _clicks(variant, context, stack) for name, variant in VARIANTS.items()}
        taken = paintings_in_turns(clicks, rounds=ROUNDS, warm_up=2)
    measured = "click a layer to painted, 64 of 56x56"
    for peer, (against, limit) in AGAINST.items():
        yield from painted_rows(measured, against, taken["app"], taken[peer], limit)


def _clicks(variant: Variant, context: BrowserContext, stack: ExitStack) -> Callable[[], Painting]:
    """Open a page; then every call clicks the other layer and tells the times."""
    url = stack.enter_context(serving(variant.script, environ={"BENCHMARKS_WITHOUT": variant.without}))
    page = context.new_page()
    time_to_open(page, url + variant.link, variant.painted)
    control = page.locator(f".st-key-{variant.control}")
    layers = cycle(reversed(LAYERS))

    def click() -> Painting:
        return time_of_click(page, control.get_by_text(next(layers), exact=True), variant.painted)

    return click
