"""The whole of Activations without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Truth
from tests.support.drawn import expect_grid
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

STOPS = [
    "Change", "Model", "Weights", "Layers", "Copy link", "About this server",
    "Start", "Samples", "Layers", "Activations",
    "layer1.0.conv1", "Sort by", "Colours", "Range", "Show", "More", "Channel", "mean", "Opacity",
]  # fmt: skip

FOCUSED = """() => {
    let element = document.activeElement;
    if (element === document.body) return null;
    while (element.shadowRoot) element = element.shadowRoot.activeElement;
    const label = (element.getAttribute('aria-labelledby') || '').split(' ')
        .map(id => document.getElementById(id)).find(found => found && found.innerText);
    const words = label || element.querySelector('p') || element;
    return element.getAttribute('aria-label') || words.innerText;
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    pytest.fail(f"Tab does not lead to {name}.")


def test_tab_leads_through_the_sidebar_and_the_controls_in_the_order_of_reading(visitor: Visitor) -> None:
    page = visitor.open("/activations")
    reached: list[str] = []
    page.keyboard.press("Tab")
    while (name := page.evaluate(FOCUSED)) is not None and len(reached) < 80:
        reached.append(name)
        page.keyboard.press("Tab")
    rest = iter(reached)
    missed = [stop for stop in STOPS if stop not in rest]
    assert not missed, reached


def test_the_layer_is_switched_and_added_with_the_keyboard_alone(visitor: Visitor, truth: Truth) -> None:
    page = visitor.open("/activations?layers=layer1.0.conv1&layers=layer2.0.conv1")
    tab_to(page, "layer1.0.conv1")
    while page.evaluate("document.activeElement.getAttribute('role')") != "radio":
        tab_to(page, "layer1.0.conv1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect_grid(page, truth("bundled-cifar10/0", "layer2.0.conv1"))
    visitor.settle()
    tab_to(page, "Layers")
    page.keyboard.type("layer3.0.conv1")
    expect(page.get_by_role("option")).to_have_text(["layer3.0.conv1"])
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # the list stays open for more
    expect(page.get_by_role("radio", name="layer3.0.conv1")).to_be_visible()


def test_a_channel_is_opened_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open("/activations?layers=layer2.0.conv1")
    tab_to(page, "Channel")
    page.keyboard.type("16")
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Channel 16 is ")).to_be_visible()
    visitor.settle()
    tab_to(page, "Next")
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Channel 17 is ")).to_be_visible()
