"""HTML files: safe, the same every time, and whole without internet."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from actviz_core.export import Provenance, figure_html, html_bytes
from actviz_core.figures import channel_grid
from tests.support.chromium import launch

MAPS = np.random.default_rng(0).normal(size=(4, 8, 8)).astype(np.float32)
TITLE = "</title><script>document.title = 'taken over'</script> & more"


def test_names_cannot_become_markup(provenance: Provenance) -> None:
    page = figure_html(channel_grid(MAPS), title=TITLE, provenance=provenance).decode()
    assert "<script>document.title" not in page
    assert "&lt;script&gt;document.title" in page
    assert "<td>net@&lt;b&gt;</td>" in page
    assert "<td>0123456789abcdef</td>" in page


def test_the_same_figure_gives_the_same_bytes_and_stays_as_it_was(provenance: Provenance) -> None:
    figure = channel_grid(MAPS)
    before = figure.to_json()
    first, second = (figure_html(figure, title="t", provenance=provenance) for _ in range(2))
    assert first == second
    assert figure.to_json() == before
    assert abs(html_bytes(figure) - len(first)) < 0.02 * len(first)


@pytest.mark.browser
def test_it_opens_without_internet_and_shows_true_values(provenance: Provenance, tmp_path: Path) -> None:
    file = tmp_path / "grid.html"
    file.write_bytes(figure_html(channel_grid(MAPS), title=TITLE, provenance=provenance))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        asked: list[str] = []
        problems: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("#figure .heatmaplayer image", state="attached")
        shown = page.evaluate("document.getElementById('figure').calcdata[0][0].z.flat().filter(isFinite)")
        title = page.title()
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert problems == []
    assert title == TITLE
    assert sorted(shown) == sorted(MAPS.ravel().tolist())
