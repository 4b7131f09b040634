"""What a Plotly figure on the page really shows, and where its points are on the screen."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page, expect

GRID = "activations_grid"
SHEET = "samples_sheet"

_PLOT = "document.querySelector(`.st-key-${key} .js-plotly-plot`)"

# Plotly decodes the arrays that the server sent into typed ones; these are what it drew.
_CANVAS = f"""(key) => {{
    const heatmap = {_PLOT}._fullData[0];
    const plain = rows => rows && Array.from(rows, row => Array.from(row));
    return [plain(heatmap.z), plain(heatmap.customdata)];
}}"""

_SHOWS = f"""([key, channel, value]) => {{
    const plot = {_PLOT}, heatmap = plot && plot._fullData && plot._fullData[0];
    if (!heatmap || !heatmap.z || !heatmap.customdata) return false;
    return heatmap.z.some((row, r) => row.some((cell, c) =>
        heatmap.customdata[r][c] == channel && Math.abs(cell - value) <= 1e-5 * Math.abs(value)));
}}"""

_ON_SCREEN = f"""([key, x, y]) => {{
    const plot = {_PLOT}, {{xaxis, yaxis}} = plot._fullLayout;
    plot.scrollIntoView({{block: "center"}});
    const box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.l2p(x), box.top + yaxis._offset + yaxis.l2p(y)];
}}"""

_POINTS = f"""(key) => {{
    const points = {_PLOT}._fullData.at(-1);
    return [Array.from(points.x), Array.from(points.y)];
}}"""


@dataclass(frozen=True)
class Canvas:
    """A grid's one heatmap: its cells' values and channels, both (rows, columns), values NaN in the gaps."""

    values: npt.NDArray[np.float64]
    channels: npt.NDArray[np.int64]

    def map_of(self, channel: int, height: int, width: int) -> npt.NDArray[np.float64]:
        """The values drawn for one channel, (height, width)."""
        return self.values[self._of(channel)].reshape(height, width)

    def place_of(self, channel: int, row: int, column: int, *, width: int) -> tuple[int, int]:
        """Canvas row and column of one cell of a channel's map."""
        rows, columns = np.nonzero(self._of(channel))
        return int(rows[row * width + column]), int(columns[row * width + column])

    def _of(self, channel: int) -> npt.NDArray[np.bool_]:
        return (self.channels == channel) & ~np.isnan(self.values)


def canvas(page: Page) -> Canvas:
    """The channel grid as it is drawn now."""
    values, channels = page.evaluate(_CANVAS, GRID)
    return Canvas(np.array(values, np.float64), np.array(channels, np.int64))


def expect_grid(page: Page, maps: npt.NDArray[np.floating]) -> None:
    """Wait for the layer with `maps`, (C, H, W), and hold every cell of every channel against them."""
    channel, row, column = (int(at) for at in np.unravel_index(np.argmax(maps), maps.shape))
    page.wait_for_function(_SHOWS, arg=[GRID, channel, float(maps[channel, row, column])])
    drawn = canvas(page)
    shown = np.stack([drawn.map_of(number, *maps.shape[1:]) for number in range(len(maps))])
    np.testing.assert_allclose(shown, maps, rtol=1e-5, atol=1e-6)


def hover(page: Page, key: str, x: float, y: float) -> str:
    """Point at a place of a figure, in the figure's own coordinates; the words of the label that appears."""
    left, top = page.evaluate(_ON_SCREEN, [key, x, y])
    label = page.locator(f".st-key-{key} .hoverlayer .hovertext")
    page.mouse.move(0, 0)
    expect(label).to_have_count(0)
    page.mouse.move(left, top)
    expect(label).to_have_count(1)
    lines = label.locator("tspan.line")
    return " ".join((lines if lines.count() else label).all_text_contents())


def click_point(page: Page, key: str, position: int) -> None:
    """Click the `position`-th point of a figure's last trace: a channel's title, a thumbnail."""
    xs, ys = page.evaluate(_POINTS, key)
    hover(page, key, xs[position], ys[position])
    left, top = page.evaluate(_ON_SCREEN, [key, xs[position], ys[position]])
    page.mouse.click(left, top)
