"""The page Why in a browser: a class chosen by its bar, places linked, and a link that shows the same."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.figures import marks, point_at
from tests.support.server import Server
from tests.support.visitor import NARROW, Visitor, new_context, visiting

pytestmark = pytest.mark.browser

MAP = "why_map_saliency"


def test_a_bar_chooses_the_class_and_its_link_shows_the_same_elsewhere(
    visitor: Visitor, stranger: Visitor
) -> None:
    page = visitor.open("/why?methods=saliency&methods=grad-cam")
    expect(page.get_by_text("Explained: cat, the answer.")).to_be_visible()
    x, y = page.evaluate(
        """() => {
            const plot = document.querySelector('.st-key-why_classes .figure-plot');
            const box = plot.getBoundingClientRect();
            const { xaxis, yaxis } = plot._fullLayout;
            return [box.left + xaxis._offset + xaxis.l2p(0.2), box.top + yaxis._offset + yaxis.l2p(1)];
        }"""
    )
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator(".st-key-why_classes .figure-label").filter(has_text="dog: ")).to_be_visible()
    page.mouse.click(x, y)
    expect(page.get_by_text("Explained: dog, which is not the answer.")).to_be_visible()
    expect(page).to_have_url(re.compile("class=5"))
    told = page.get_by_text("Covering the 10 %").first
    expect(told).to_contain_text("takes dog from")
    other = stranger.open(page.url.removeprefix(visitor.url))
    expect(other.get_by_text("Explained: dog, which is not the answer.")).to_be_visible()
    expect(other.get_by_text("Covering the 10 %").first).to_have_text(told.inner_text())
    page.go_back()
    expect(page.get_by_text("Explained: cat, the answer.")).to_be_visible()


def test_pointing_at_a_place_marks_it_in_the_picture_and_in_every_map(visitor: Visitor) -> None:
    page = visitor.open("/why?methods=saliency&methods=grad-cam")
    page.locator(".st-key-why_test_grad-cam .figure").wait_for()
    visitor.settle()
    point_at(page, MAP, None, 10, 20)
    for key in ("why_picture", MAP, "why_map_grad-cam"):
        (mark,) = marks(page, key)
        assert (round(mark.top), round(mark.left)) == (10, 20)
        assert round(mark.bottom - mark.top) == 1


def test_what_a_link_asks_for_in_vain_stays_told_while_maps_are_made(visitor: Visitor) -> None:
    page = visitor.open("/why?class=99&methods=occlusion&methods=smoothgrad&image=bundled-cifar10/17")
    page.locator(".st-key-why_test_occlusion .figure").wait_for()
    page.locator(".st-key-why_test_smoothgrad .figure").wait_for()
    expect(page.get_by_text("The link's class=99 is not possible here.")).to_be_visible()


def test_a_narrow_window_has_two_cards_side_by_side(browser: Browser, server: Server) -> None:
    with new_context(browser, size=NARROW) as context, visiting(context, server.url) as visitor:
        page = visitor.open("/why?methods=saliency")
        page.locator(".st-key-why_test_saliency .figure").wait_for()
        visitor.settle()
        picture, card = (
            page.locator(f".st-key-{key}").bounding_box() for key in ("why_picture", "why_card_saliency")
        )
        assert picture is not None
        assert card is not None
        assert card["x"] > picture["x"] + picture["width"]
        assert card["y"] < picture["y"]
        assert card["x"] + card["width"] <= NARROW[0]


def test_the_keyboard_chooses_a_class(visitor: Visitor) -> None:
    page = visitor.open("/why?methods=saliency")
    plot = page.locator(".st-key-why_classes .figure-plot")
    plot.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("which is not the answer.")).to_be_visible()
