"""Back and Forward: one act of a person is one entry, and each shows exactly the view that it was."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

Act = Callable[[Page], None]


def menu(name: str) -> Act:
    return lambda page: page.get_by_role("link", name=name, exact=True).first.click()


def layer(name: str) -> Act:
    return lambda page: layers(page).get_by_text(name, exact=True).click()


def layers(page: Page) -> Locator:
    return page.locator(".st-key-activations_layer")


def sort(name: str) -> Act:
    def choose(page: Page) -> None:
        page.get_by_role("combobox", name=re.compile("^Sort")).click()
        page.get_by_role("option", name=name, exact=True).click()

    return choose


ACTS: dict[str, Act] = {
    "Activations": menu("Activations"),
    "another layer": layer("layer2.0.conv1"),
    "another order": sort("maximum"),
    "Compare": menu("Compare"),
    "Layers": menu("Layers"),
}


def shown(page: Page) -> tuple[str, str]:
    """What tells one view from another: its address and its title."""
    return page.url, page.title()


def expect_shown(page: Page, view: tuple[str, str]) -> None:
    expect(page).to_have_title(view[1])
    expect(page).to_have_url(view[0])


def test_one_act_is_one_entry_and_back_shows_the_view_before(visitor: Visitor) -> None:
    page = visitor.open("/")
    expect(page).to_have_url(re.compile("model=cifar-resnet20"))
    views = [shown(page)]
    entries = page.evaluate("history.length")
    for number, act in enumerate(ACTS.values(), 1):
        before = page.url
        act(page)
        expect(page).not_to_have_url(before)
        visitor.settle()
        views.append(shown(page))
        assert page.evaluate("history.length") == entries + number
    for view in reversed(views[:-1]):
        page.go_back()
        expect_shown(page, view)
    for view in views[1:]:
        page.go_forward()
        expect_shown(page, view)
    assert page.evaluate("history.length") == entries + len(ACTS)


def test_controls_go_back_with_the_address(visitor: Visitor) -> None:
    page = visitor.open("/activations?layers=layer1.0.conv1&layers=layer2.0.conv1")
    sort("maximum")(page)
    visitor.settle()
    layer("layer2.0.conv1")(page)
    visitor.settle()
    expect(page).to_have_title("layer2.0.conv1 of cat, Activation dashboard")
    page.go_back()
    expect(layers(page).get_by_role("radio", checked=True)).to_have_text("layer1.0.conv1")
    expect(page.get_by_role("combobox", name=re.compile("^Sort"))).to_have_value("maximum")
    page.go_back()
    expect(page.get_by_role("combobox", name=re.compile("^Sort"))).to_have_value("number")
    expect(page).to_have_title("layer1.0.conv1 of cat, Activation dashboard")


def test_another_picture_can_be_gone_back_from(visitor: Visitor) -> None:
    page = visitor.open("/")
    expect(page).to_have_url(re.compile("image=bundled-cifar10%2F0"))
    before = shown(page)
    page.get_by_test_id("stMain").locator('[class*="st-key-other_"] button').nth(2).click()
    expect(page).not_to_have_url(before[0])
    visitor.settle()
    assert shown(page) != before
    page.go_back()
    expect_shown(page, before)
