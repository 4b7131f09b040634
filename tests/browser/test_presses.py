"""Presses on a figure: each counts for what is seen where it begins; drags zoom, and the wheel does not."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.drawn import GRID, SHEET
from tests.support.figures import cell, marks
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

LAYER = "layer2.0.conv1"

# The figure is drawn anew, after which plotly no longer knows what is under the pointer.
_REDRAW = """key => {
    const plot = document.querySelector(`.st-key-${key} .figure-plot`);
    return window.Plotly.react(plot, plot.data, plot.layout, plot._context).then(() => {});
}"""
_RANGES = """key => {
    const {xaxis, yaxis} = document.querySelector(`.st-key-${key} .figure-plot`)._fullLayout;
    return [xaxis.range, yaxis.range];
}"""
_TOP = """key => {
    const plot = document.querySelector(`.st-key-${key} .figure-plot`);
    return plot.getBoundingClientRect().top + plot._fullLayout.yaxis._offset;
}"""


def ranges(page: Page) -> Any:
    """What the axes of the grid show now."""
    return page.evaluate(_RANGES, GRID)


def zoom(page: Page, *, top: int, bottom: int) -> None:
    """Drag over rows of the first channel's tile and wait until the grid shows no more than these."""
    before = ranges(page)
    page.mouse.move(*cell(page, GRID, 0, top, 2))
    page.mouse.down()
    page.mouse.move(*cell(page, GRID, 0, (top + bottom) // 2, 8))
    page.mouse.move(*cell(page, GRID, 0, bottom, 13))
    page.mouse.up()
    page.wait_for_function(f"([key, was]) => String(({_RANGES})(key)) !== String(was)", arg=[GRID, before])


@pytest.mark.parametrize(("row", "place"), [(-1, None), (5, "5,6")])
def test_a_press_counts_though_the_figure_is_drawn_anew_before_it_ends(
    visitor: Visitor, row: int, place: str | None
) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    page.mouse.move(*cell(page, GRID, 9, row, 6))  # above row 0 is the title
    page.evaluate(_REDRAW, GRID)
    page.mouse.down()
    page.evaluate(_REDRAW, GRID)
    page.mouse.up()
    page.wait_for_url(re.compile("channel=9"))
    expect(page.get_by_role("img", name="Channel 9 is ")).to_be_visible()
    visitor.settle()
    link = page.url.replace("%2C", ",")
    assert f"place={place}" in link if place else "place=" not in link


def test_a_press_counts_for_what_was_there_when_it_began(visitor: Visitor) -> None:
    page = visitor.open("/samples?source=bundled-imagenet")
    page.mouse.move(*cell(page, SHEET, 7, 30, 30))
    page.mouse.down()
    page.evaluate("key => { document.querySelector(`.st-key-${key}`).style.marginTop = '200px'; }", SHEET)
    page.mouse.up()
    expect(page.get_by_role("img", name="The chosen picture, bundled-imagenet/7,")).to_be_visible()


def test_a_drag_zooms_a_double_click_resets_and_the_wheel_does_neither(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    whole = ranges(page)
    zoom(page, top=5, bottom=14)
    assert "channel=" not in page.url
    zoomed = ranges(page)
    x, y = cell(page, GRID, 0, 10, 8)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -40)
    page.mouse.wheel(0, 40)
    assert ranges(page) == zoomed
    page.wait_for_timeout(500)  # or plotly takes the drag and the first click for a double click
    page.mouse.dblclick(*cell(page, GRID, 0, 10, 8))
    page.wait_for_function(f"([key, was]) => String(({_RANGES})(key)) === String(was)", arg=[GRID, whole])
    assert "channel=" not in page.url


def test_what_a_zoom_has_left_outside_does_not_answer(visitor: Visitor) -> None:
    page = visitor.open(f"/activations?layers={LAYER}")
    zoom(page, top=5, bottom=14)
    x, _ = cell(page, GRID, 0, 10, 8)
    page.mouse.move(x, page.evaluate(_TOP, GRID) + 3)
    assert marks(page, GRID)
    page.mouse.move(x, page.evaluate(_TOP, GRID) - 3)
    assert marks(page, GRID) == []
