"""The first visitor of a fresh server: from opening the link until the first heatmap is painted."""

from collections.abc import Iterator
from pathlib import Path

import torch
from playwright.sync_api import Browser

from actviz_core import load_model, open_sample
from actviz_core.ui.shell.defaults import DEFAULT_IMAGE, DEFAULT_MODEL
from benchmarks.browser import (
    Painting,
    chromium,
    drawn,
    painted_rows,
    paintings_in_turns,
    time_to_open,
    visitor,
)
from benchmarks.servers import PEERS, serving
from benchmarks.stopwatch import timed
from benchmarks.table import Row
from tests.support.server import DASHBOARD

ROUNDS = 5
FIGURE = '[data-testid="stPlotlyChart"] .main-svg'


def rows() -> Iterator[Row]:
    """Measure fresh servers and browser profiles, each used once."""
    model = load_model(DEFAULT_MODEL)
    inputs = model.preprocess(open_sample(DEFAULT_IMAGE).image).to(model.device)

    def forward() -> None:
        with torch.no_grad():
            model.module(inputs)

    with chromium() as browser:
        grid = drawn("activations_grid")
        taken = paintings_in_turns(
            {
                "app": lambda: _first_visit(browser, DASHBOARD, "/activations", grid),
                "heatmap": lambda: _first_visit(browser, PEERS / "heatmap_page.py", "", FIGURE),
                "empty": lambda: _first_visit(browser, PEERS / "empty_page.py", "", "h1").later(
                    timed(forward)()
                ),
            },
            rounds=ROUNDS,
        )
    measured, against = "first visitor's first heatmap", "an empty Streamlit page + 1 forward pass"
    yield from painted_rows(measured, against, taken["app"], taken["empty"], 2.6, seen_limit=1.7)
    against = "a Streamlit page with one small heatmap"
    yield from painted_rows(measured, against, taken["app"], taken["heatmap"])


def _first_visit(browser: Browser, script: Path, link: str, painted: str) -> Painting:
    with serving(script) as url, visitor(browser) as context:
        return time_to_open(context.new_page(), url + link, painted)
