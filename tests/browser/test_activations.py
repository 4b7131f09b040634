"""From the start page to true channel maps, a channel large, and exact values under the pointer."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Truth
from tests.support.drawn import GRID, canvas, click_point, expect_grid, hover
from tests.support.figures import click_thumbnail
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

EARLY, LATE = "layer1.0.conv1", "layer3.0.conv1"
LARGE = ".st-key-activations_channel"


def chosen_channel(page: Page) -> int:
    """The number in the Channel box."""
    return int(page.get_by_role("combobox", name="Channel", exact=True).input_value())


def test_five_clicks_lead_from_the_start_page_to_the_articles_heatmap(visitor: Visitor, truth: Truth) -> None:
    page = visitor.open("/")
    page.get_by_role("link", name="Samples", exact=True).click()
    expect(page.get_by_role("heading", name="Samples")).to_be_visible()
    visitor.settle()
    click_thumbnail(page, 4)
    expect(page.get_by_test_id("stSidebar").get_by_text("bundled-cifar10/4")).to_be_visible()
    page.get_by_role("link", name="Layers", exact=True).click()
    page.get_by_role("button", name="The article's two").click()
    expect(page.get_by_text("2 layers chosen: 16 + 64 channels")).to_be_visible()
    page.get_by_role("link", name="Show activations").click()
    expect_grid(page, truth("bundled-cifar10/4", EARLY))
    page.get_by_role("radio", name=LATE).click()
    expect_grid(page, truth("bundled-cifar10/4", LATE))


def test_a_title_opens_its_channel_large_and_previous_and_next_walk_on(
    visitor: Visitor, truth: Truth
) -> None:
    maps = truth("bundled-cifar10/0", EARLY)
    page = visitor.open(f"/activations?layers={EARLY}&sort=maximum")
    order = [int(channel) for channel in np.argsort(-maps.max((1, 2)), kind="stable")]
    click_point(page, GRID, 2)
    for button, channel in ((None, order[2]), ("Next", order[3]), ("Previous", order[2])):
        if button:
            page.get_by_role("button", name=button).click()
        peak = f"{maps[channel].max():.4g}"
        sentence = page.locator(LARGE).get_by_role("img", name=f"highest value, {peak}")
        expect(sentence).to_be_visible()
        visitor.settle()
        assert chosen_channel(page) == channel
        drawn = page.evaluate(
            "Array.from(document.querySelector('.st-key-activations_channel .js-plotly-plot')._fullData[0].z,"
            " row => Array.from(row))"
        )
        np.testing.assert_allclose(drawn, maps[channel], rtol=1e-5, atol=1e-6)
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(LARGE)).to_have_count(0)


def test_pointing_at_a_cell_tells_its_channel_row_column_and_true_value(
    visitor: Visitor, truth: Truth
) -> None:
    maps = truth("bundled-cifar10/0", EARLY)
    page = visitor.open(f"/activations?layers={EARLY}")
    expect_grid(page, maps)
    for channel, row, column in ((0, 17, 9), (7, 20, 30), (15, 12, 3)):
        y, x = canvas(page).place_of(channel, row, column, width=maps.shape[2])
        said = hover(page, GRID, x, y)
        match = re.search(r"channel (\d+)\D+row (\d+)\D+column (\d+)\s*(\S+)", said)
        assert match, said
        assert [int(number) for number in match.groups()[:3]] == [channel, row, column]
        value = float(match[4].replace("\N{MINUS SIGN}", "-").replace("\N{GREEK SMALL LETTER MU}", "e-6"))
        assert value == pytest.approx(float(maps[channel, row, column]), rel=5e-4)


def test_a_link_shows_the_same_view_to_someone_else(
    visitor: Visitor, stranger: Visitor, truth: Truth
) -> None:
    page = visitor.open("/activations?layers=layer1.0.conv1&layers=layer2.0.conv1&image=patterns/3")
    page.get_by_role("radio", name="layer2.0.conv1").click()
    expect_grid(page, truth("patterns/3", "layer2.0.conv1"))
    for name, option in (
        ("Sort by", "mean"),
        ("Colours", "twilight"),
        ("Show", "not silent"),
        ("Channel", "11"),
    ):
        box = page.get_by_role("combobox", name=name, exact=True)
        box.fill(option)
        box.press("Enter")
        expect(box).to_have_value(option)
    page.wait_for_url(re.compile("channel=11"))
    visitor.settle()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    link: str = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(stranger.url)

    copy = stranger.open(link.removeprefix(stranger.url))
    expect(copy.get_by_role("radio", name="layer2.0.conv1")).to_be_checked()
    for name, option in (
        ("Sort by", "mean"),
        ("Colours", "twilight"),
        ("Show", "not silent"),
        ("Channel", "11"),
    ):
        expect(copy.get_by_role("combobox", name=name, exact=True)).to_have_value(option)
    ours, theirs = canvas(page), canvas(copy)
    np.testing.assert_array_equal(theirs.channels, ours.channels)
    np.testing.assert_array_equal(theirs.values, ours.values)
    described = f"{LARGE} .figure-plot"
    words = page.locator(described).get_attribute("aria-label")
    assert copy.locator(described).get_attribute("aria-label") == words


def test_a_choice_of_layers_on_the_page_reaches_the_sidebar_and_the_link(visitor: Visitor) -> None:
    page = visitor.open("/activations?model=vit_b_16@random&layers=encoder.layers.encoder_layer_0")
    page.get_by_role("button", name="Show its attention heads").click()
    page.wait_for_url("**layers=encoder.layers.encoder_layer_0.self_attention**")
    expect(page.get_by_test_id("stSidebar").get_by_text("encoder_layer_0.self_attention")).to_be_visible()
    expect(page.get_by_role("heading", name="Activations")).to_be_visible()
