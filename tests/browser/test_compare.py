"""The compare board: built in a few clicks, the same for whoever opens its link, and taken away as files."""

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from actviz_core import capture, load_model, open_sample
from actviz_core.analysis import channel_differences
from tests.support.drawn import click_point
from tests.support.visitor import PATIENCE, Visitor

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LAYER = "layer1.0.conv1"
WEIGHTS = ("random", "epoch-1", "epoch-5", "final")

_PANELS = """() => {
    const plot = document.querySelector('.st-key-compare_board .js-plotly-plot');
    return plot && plot._fullData && plot._fullData.filter(trace => trace.type == 'heatmap').map(trace => ({
        name: trace.name,
        z: Array.from(trace.z, row => Array.from(row)),
        channels: Array.from(trace.customdata || [], row => Array.from(row)),
        low: trace.zmin,
        high: trace.zmax,
        matches: plot._fullLayout['xaxis' + trace.xaxis.slice(1)].matches || trace.xaxis,
    }));
}"""


def panels(page: Page) -> list[dict[str, Any]]:
    """The board's heatmaps as they are drawn now, or as soon as there is a board: it may be waited for."""
    found: list[dict[str, Any]] = page.wait_for_function(_PANELS, timeout=PATIENCE).json_value()
    return found


def panels_once(page: Page, redrawn: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The board's heatmaps as soon as ``redrawn`` holds: the link changes before the figure does."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not redrawn(found := panels(page)):
        assert time.monotonic() < deadline, "the board was not drawn again"
        page.wait_for_timeout(50)
    return found


def true_maps(weights: str, image_id: str) -> npt.NDArray[np.float32]:
    """What the layer returned, (C, H, W), computed in this process."""
    model = load_model(f"cifar-resnet20@{weights}")
    inputs = model.preprocess(open_sample(image_id).image)
    values: npt.NDArray[np.float32] = capture(model.module, inputs, [LAYER])[LAYER][0].numpy()
    return values


def build_board(visitor: Visitor) -> Page:
    """From the start page to the four checkpoints side by side, in two clicks."""
    page = visitor.open("/")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("button", name="While it learned").click()
    expect(page.locator(".st-key-compare_board").get_by_role("img", name="4 panels")).to_be_visible()
    visitor.settle()
    return page


def test_while_it_learned_takes_two_clicks_and_its_link_shows_the_same(
    visitor: Visitor, stranger: Visitor
) -> None:
    page = build_board(visitor)
    drawn = panels_once(page, lambda found: len({panel["high"] for panel in found}) == len(found))
    assert [panel["name"] for panel in drawn] == [
        f"{n} {name.replace('-', ' ')}" for n, name in enumerate(WEIGHTS, 1)
    ]
    assert len({panel["high"] for panel in drawn}) == len(WEIGHTS)  # each its own range, or three are pale
    assert len({panel["matches"] for panel in drawn}) == 1  # zooming one zooms all
    for panel, weights in zip(drawn, WEIGHTS, strict=True):
        maps = true_maps(weights, "bundled-cifar10/0")
        values, channels = np.array(panel["z"], np.float64), np.array(panel["channels"])
        for channel, expected in enumerate(maps):
            shown = values[(channels == channel) & ~np.isnan(values)].reshape(expected.shape)
            np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-6)
    page.wait_for_url("**own_range=true**")
    stranger.open(page.url.removeprefix(visitor.url))
    assert panels_once(stranger.page, lambda found: len(found) == len(drawn)) == drawn
    page.get_by_text("Own range").click()
    shared = panels_once(page, lambda found: len({panel["high"] for panel in found}) == 1)
    assert shared[0]["high"] == max(panel["high"] for panel in drawn)
    stranger.open(page.url.removeprefix(visitor.url))
    assert panels_once(stranger.page, lambda found: len(found) == len(shared)) == shared


def test_one_channel_is_shown_in_every_panel(visitor: Visitor) -> None:
    page = build_board(visitor)
    difference = page.locator(".st-key-compare_difference")
    expect(difference.get_by_role("img", name="panel 1 and panel 2")).to_be_visible()
    page.get_by_role("radio", name="one channel").click()
    page.get_by_role("combobox", name="Channel", exact=True).fill("7")
    page.get_by_role("combobox", name="Channel", exact=True).press("Enter")
    page.wait_for_url("**board_channel=7**")
    truth = [true_maps(weights, "bundled-cifar10/0")[7] for weights in WEIGHTS]
    drawn = panels_once(page, shows(truth[0]))
    for panel, expected in zip(drawn, truth, strict=True):
        np.testing.assert_allclose(panel["z"], expected, rtol=1e-5, atol=1e-6)


def test_a_title_and_a_row_of_the_table_lead_to_that_channel_in_every_panel(
    visitor: Visitor, stranger: Visitor
) -> None:
    one, other = (true_maps(weights, "bundled-cifar10/0") for weights in ("final", "random"))
    most_different = int(channel_differences(one, other).order[0])
    both = "&".join(f"panel=cifar-resnet20{weights},bundled-cifar10/0,{LAYER}" for weights in ("", "@random"))
    page = visitor.open(f"/compare?{both}")
    clicks: list[tuple[int, Callable[[], None]]] = [
        (7, lambda: click_point(page, "compare_board", 7)),
        (most_different, lambda: click_row(page, 0)),
        (3, lambda: click_title_again(visitor, 3)),
    ]
    for channel, act in clicks:
        act()
        drawn = panels_once(page, shows(one[channel]))
        np.testing.assert_allclose(drawn[1]["z"], other[channel], rtol=1e-5, atol=1e-6)
        visitor.settle()
        stranger.open(page.url.removeprefix(visitor.url))
        assert panels_once(stranger.page, lambda found: len(found) == 2) == drawn


def click_title_again(visitor: Visitor, channel: int) -> None:
    """Go back to all channels, and click another title."""
    visitor.page.get_by_role("radio", name="all channels").click()
    panels_once(visitor.page, lambda found: len(found[0]["channels"]) > 0)
    visitor.settle()
    click_point(visitor.page, "compare_board", channel)


def click_row(page: Page, row: int) -> None:
    """Tick a row of the table of differences, which is drawn on a canvas."""
    table = page.locator(".st-key-difference_table canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1) + 17)


def shows(expected: npt.NDArray[np.float32]) -> Callable[[list[dict[str, Any]]], bool]:
    """Whether the first panel is this one map."""
    return lambda found: (
        np.shape(found[0]["z"]) == expected.shape
        and np.allclose(found[0]["z"], expected, rtol=1e-5, atol=1e-6)
    )


def test_a_panel_that_is_gone_says_so_and_the_others_stay(visitor: Visitor) -> None:
    gone = "panel=cifar-resnet20,bundled-cifar10/99,conv1"
    good = "panel=cifar-resnet20,bundled-cifar10/1,conv1&panel=cifar-resnet20,bundled-cifar10/2,conv1"
    page = visitor.open(f"/compare?{good}&{gone}")
    expect(page.get_by_role("alert").filter(has_text="has no picture 99")).to_have_count(1)
    assert [panel["name"] for panel in panels(page)] == [
        "1 ship (bundled-cifar10/1)",
        "2 ship (bundled-cifar10/2)",
    ]


def test_every_file_can_be_taken_away_and_the_script_finds_equal_bits(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = build_board(visitor)
    page.get_by_role("button", name="Take away").click()
    for name in (
        "Picture (PNG",
        "Interactive page (HTML",
        "Values (NPZ",
        "Statistics (CSV",
        "Script (ZIP",
    ):
        with page.expect_download() as arriving:
            page.get_by_role("button", name=name).click()
        arriving.value.save_as(tmp_path / arriving.value.suggested_filename)
    (name,) = {file.name.rpartition(".")[0] for file in tmp_path.iterdir()}
    assert "cifar-resnet20" in name  # the network is on the board, and in the names of its files
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"{name}.{kind}" for kind in ("csv", "html", "npz", "png", "zip")
    ]
    with Image.open(tmp_path / f"{name}.png") as picture:
        board = page.locator(".st-key-compare_board .figure")
        assert picture.width == 2 * board.evaluate("figure => figure.clientWidth")
    assert "plotly" in (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    assert len((tmp_path / f"{name}.csv").read_text().splitlines()) == 1 + 4 * 16
    alone = tmp_path / "alone"
    with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
        archive.extractall(alone)
    replayed = subprocess.run(
        [sys.executable, str(alone / f"{name}.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=alone,
        env={},
    )
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert f"All 4 arrays equal {name}.npz, bit for bit." in replayed.stdout
