"""Where the tiles of a figure are on the screen, and what is marked over them."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.support.drawn import SHEET

# Plotly's scales turn canvas rows and columns into pixels; the figure itself says where its tiles lie.
_LIES = """
    const plot = document.querySelector(`.st-key-${key} .figure-plot`), layout = plot._fullLayout;
    const panel = plot.layout.meta.panels[number];
    const x = layout['xaxis' + panel.x.slice(1)], y = layout['yaxis' + panel.y.slice(1)];
    const corner = index => [Math.floor(index / panel.across) * panel.pitch[0] + panel.title,
                             index % panel.across * panel.pitch[1]];
"""

_CELL = f"""([key, number, item, row, column]) => {{{_LIES}
    plot.scrollIntoView({{block: 'center'}});
    const box = plot.getBoundingClientRect(), [top, left] = corner(panel.items.indexOf(item));
    return [box.left + x._offset + x.l2p(left + column), box.top + y._offset + y.l2p(top + row)];
}}"""

# Every mark whose middle lies in a tile of the panel: the item, and first and last row and column.
_MARKED = f"""([key, number]) => {{{_LIES}
    const path = document.querySelector(`.st-key-${{key}} .figure-mark`).getAttribute('d') || '';
    const found = [];
    for (const [, ...numbers] of path.matchAll(/M([-\\d.]+) ([-\\d.]+)h([-\\d.]+)v([-\\d.]+)/g)) {{
        const [left, top, width, height] = numbers.map(Number);
        const middle = left + width / 2 - x._offset, centre = top + height / 2 - y._offset;
        if (middle < 0 || middle > x._length || centre < 0 || centre > y._length) continue;
        const columns = [x.p2l(left - x._offset), x.p2l(left + width - x._offset)];
        const rows = [y.p2l(top - y._offset), y.p2l(top + height - y._offset)];
        const tile = panel.items.findIndex((item, index) => {{
            const [first, start] = corner(index), [high, wide] = panel.tile;
            const column = (columns[0] + columns[1]) / 2, row = (rows[0] + rows[1]) / 2;
            return row > first - 1 && row < first + high && column > start - 1 && column < start + wide;
        }});
        const [first, start] = corner(tile);
        found.push({{item: panel.items[tile], rows: rows.map(at => at - first + 0.5),
                     columns: columns.map(at => at - start + 0.5)}});
    }}
    return found;
}}"""


@dataclass(frozen=True)
class Mark:
    """A mark in one tile: its edges in rows and columns of the tile, from 0 at the top left."""

    item: Any
    top: float
    bottom: float
    left: float
    right: float


def cell(page: Page, key: str, item: Any, row: int, column: int, *, panel: int = 0) -> tuple[float, float]:
    """The middle of a cell on the screen, after its figure is scrolled there."""
    x, y = page.evaluate(_CELL, [key, panel, item, row, column])
    return x, y


def point_at(page: Page, key: str, item: Any, row: int, column: int, *, panel: int = 0) -> None:
    """Point at a cell."""
    x, y = cell(page, key, item, row, column, panel=panel)
    page.mouse.move(x - 2, y - 2)
    page.mouse.move(x, y)


def click_cell(page: Page, key: str, item: Any, row: int, column: int, *, panel: int = 0) -> None:
    """Click a cell."""
    point_at(page, key, item, row, column, panel=panel)
    page.locator(f".st-key-{key} .hoverlayer .hovertext").wait_for()
    page.mouse.click(*cell(page, key, item, row, column, panel=panel))


def click_thumbnail(page: Page, index: int) -> None:
    """Click a picture on the contact sheet."""
    point_at(page, SHEET, index, 9, 9)
    page.locator(f".st-key-{SHEET} .figure-label").filter(has_text=f"{index}:").wait_for()
    page.mouse.click(*cell(page, SHEET, index, 9, 9))


def marks(page: Page, key: str, *, panel: int = 0) -> list[Mark]:
    """What is marked in a panel now."""
    found = page.evaluate(_MARKED, [key, panel])
    return [Mark(mark["item"], *mark["rows"], *mark["columns"]) for mark in found]
