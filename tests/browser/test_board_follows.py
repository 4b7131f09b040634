"""In a browser: the board follows the sidebar, keeps what is pinned, and a reload keeps the tray."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_compare import panels, panels_once
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

LINK = "/compare?panel=,,layer1.0.conv1&panel=,,layer2.0.conv1"


def choose_weights(page: Page, name: str) -> None:
    """Take other weights of the same network in hand."""
    page.get_by_test_id("stSidebar").get_by_role("combobox", name="Weights").click()
    page.get_by_role("option", name=name).click()


def test_the_board_follows_the_sidebar_but_for_a_pinned_panel_until_one_press(
    visitor: Visitor, stranger: Visitor
) -> None:
    page = visitor.open(LINK)
    before = panels(page)
    page.get_by_role("button", name="Pin", exact=True).nth(1).click()
    expect(page.get_by_text("Network and picture pinned")).to_be_visible()
    visitor.settle()
    choose_weights(page, "random")
    mixed = panels_once(page, lambda found: found[0]["z"] != before[0]["z"])
    assert [panel["name"] for panel in mixed] == ["1 random, layer1.0.conv1", "2 final, layer2.0.conv1"]
    assert mixed[1]["z"] == before[1]["z"]
    visitor.settle()
    stranger.open(page.url.removeprefix(visitor.url))
    assert panels_once(stranger.page, lambda found: len(found) == 2) == mixed
    page.get_by_role("button", name="Current network everywhere").click()
    followed = panels_once(page, lambda found: found[1]["z"] != before[1]["z"])
    assert [panel["name"] for panel in followed] == ["1 layer1.0.conv1", "2 layer2.0.conv1"]
    expect(page.locator(".st-key-board_shared")).to_contain_text("weights random")


def test_the_tray_survives_a_reload_and_is_nobody_elses(visitor: Visitor, stranger: Visitor) -> None:
    page = visitor.open("/samples?image=bundled-cifar10/3")
    page.get_by_role("button", name="Keep in tray").click()
    tray = page.get_by_test_id("stSidebar").get_by_text("airplane 3", exact=True)
    expect(tray).to_be_visible()
    visitor.settle()
    page.reload()
    visitor.settle()
    expect(tray).to_be_visible()
    stranger.open(page.url.removeprefix(visitor.url))
    expect(stranger.page.get_by_role("button", name="Keep in tray")).to_be_visible()
    expect(stranger.page.get_by_test_id("stSidebar").get_by_text("airplane 3")).to_have_count(0)
