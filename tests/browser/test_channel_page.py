"""A channel's page in a real browser: the way there, its link, the keyboard, narrow and dark."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_keyboard import tab_to
from tests.support.drawn import click_point
from tests.support.server import Server
from tests.support.visitor import NARROW, Visitor, new_context, visiting

pytestmark = pytest.mark.browser

LINK = "/channel?layers=layer2.0.conv1&channel=7"
KEYS = ("map", "looks", "kernels", "worth", "excites", "classes", "made", "twins")


def wait_for_all(visitor: Visitor) -> None:
    """Wait until every card shows what it found; on a slow machine one of them has to be asked."""
    page = visitor.page
    card = page.locator(".st-key-card_made")
    card.get_by_role("button", name=re.compile("Again with another seed|Look for it")).wait_for()
    ask = card.get_by_role("button", name="Look for it")
    if ask.count():
        ask.press("Enter")
    for key in KEYS:
        page.locator(f".st-key-channel_{key} .js-plotly-plot").wait_for()
    expect(card.get_by_role("button", name="Again with another seed")).to_be_visible()
    visitor.settle()


def shown(page: Page) -> str:
    """The number of the channel that the page shows."""
    return page.locator(".st-key-channel_number input").input_value()


def test_start_leads_to_a_channels_page_in_two_clicks(visitor: Visitor) -> None:
    page = visitor.open("/")
    click_point(page, "story_Middle", 0)
    page.wait_for_url("**/activations?**")
    visitor.settle()
    channel = page.locator(".st-key-channel input").input_value()
    page.get_by_role("link", name="Open its page").click()
    page.wait_for_url("**/channel?**")
    wait_for_all(visitor)
    assert shown(page) == channel
    assert f"channel={channel}" in page.url


def test_a_link_shows_the_same_card_in_another_browser(visitor: Visitor, stranger: Visitor) -> None:
    page = visitor.open(LINK)
    wait_for_all(visitor)
    page.locator(".st-key-link_twins").get_by_role("button", name="Link").click()
    page.wait_for_url("**card=twins**")
    other = stranger.open(page.url.removeprefix(stranger.url))
    wait_for_all(stranger)
    expect(other.locator(".st-key-card_twins")).to_be_in_viewport()
    texts = [one.locator(".st-key-card_twins p").all_text_contents() for one in (page, other)]
    assert [re.sub(r"^arrow_right\s*", "", text) for text in texts[1]] == texts[0]


def test_back_returns_to_the_channel_before(visitor: Visitor) -> None:
    page = visitor.open(LINK)
    wait_for_all(visitor)
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**channel=8**")
    expect(page.locator(".st-key-channel_number input")).to_have_value("8")
    page.go_back()
    page.wait_for_url("**channel=7**")
    expect(page.locator(".st-key-channel_number input")).to_have_value("7")
    wait_for_all(visitor)


def test_neighbours_and_changes_are_reached_by_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open(LINK)
    wait_for_all(visitor)
    tab_to(page, "Next")
    page.keyboard.press("Enter")
    page.wait_for_url("**channel=8**")
    wait_for_all(visitor)
    tab_to(page, "switched off")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_url("**change=made+even**")
    expect(page.locator(".st-key-card_worth")).to_contain_text(
        "With its mean everywhere in place of channel 8"
    )


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_a_narrow_window(browser: Browser, server: Server, dark: bool) -> None:
    with new_context(browser, size=NARROW, dark=dark) as context, visiting(context, server.url) as visitor:
        page = visitor.open(LINK)
        wait_for_all(visitor)
        sizes = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')]"
            ".map(plot => [plot.getBoundingClientRect().right, plot.getBoundingClientRect().width])"
        )
        assert len(sizes) == len(KEYS)
        assert all(right <= NARROW[0] and width > 200 for right, width in sizes), sizes


ASKING = """() => {
    window.asking = new Set();
    const { setInterval, clearInterval } = window;
    window.setInterval = (work, after, ...more) => {
        const timer = setInterval(work, after, ...more);
        if (after >= 400 && after < 1000) window.asking.add(timer);
        return timer;
    };
    window.clearInterval = (timer) => {
        window.asking.delete(timer);
        clearInterval(timer);
    };
}"""


def test_cards_ask_no_more_once_they_show_what_they_found(visitor: Visitor) -> None:
    visitor.page.add_init_script(f"({ASKING})()")
    page = visitor.open(LINK)
    wait_for_all(visitor)
    page.wait_for_function("window.asking.size === 0")
    page.get_by_role("button", name="Next").first.click()
    page.wait_for_url("**channel=8**")
    wait_for_all(visitor)
    page.wait_for_function("window.asking.size === 0")
