"""The first visitor of a fresh server: from opening the link until the first heatmap is painted."""

from collections.abc import Iterator
from pathlib import Path

import torch
from playwright.sync_api import Browser

from actviz_core import load_model, open_sample
from actviz_core.ui.defaults import DEFAULT_IMAGE, DEFAULT_MODEL
from benchmarks.browser import chromium, seconds_to_open, visitor
from benchmarks.servers import PEERS, serving
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row
from tests.browser.server import DASHBOARD

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
        grid = ".st-key-activations_grid .main-svg"
        timings = in_turns(
            {
                "app": lambda: _first_visit(browser, DASHBOARD, "/activations", grid),
                "heatmap": lambda: _first_visit(browser, PEERS / "heatmap_page.py", "", FIGURE),
                "empty": lambda: _first_visit(browser, PEERS / "empty_page.py", "", "h1") + timed(forward)(),
            },
            rounds=ROUNDS,
        )
    against = "an empty Streamlit page + 1 forward pass"
    yield ratio_row("first visitor's first heatmap", against, timings["app"], timings["empty"], 1.5)
    against = "a Streamlit page with one small heatmap"
    yield ratio_row("first visitor's first heatmap", against, timings["app"], timings["heatmap"])


def _first_visit(browser: Browser, script: Path, link: str, painted: str) -> float:
    with serving(script) as url, visitor(browser) as context:
        return seconds_to_open(context.new_page(), url + link, painted)
