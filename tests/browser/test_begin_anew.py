"""A page that fails offers to begin anew: one entry in the history, and Back leads through both."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_history import expect_shown, layer, menu, shown
from tests.support.server import Server, running
from tests.support.visitor import Visitor, new_context, visiting

pytestmark = pytest.mark.browser

LINK = (
    "/activations?model=cifar-resnet20@epoch-1&image=patterns/5&layers=layer1.0.conv1&layers=layer2.0.conv1"
    "&channel=3"
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which one layer cannot be shown."""
    script = Path(__file__).with_name("faulty_dashboard.py")
    data = tmp_path_factory.mktemp("data")
    with running(script, environ={"ACTVIZ_DATA": str(data), "ACTVIZ_DEVICE": "cpu"}) as server:
        yield server


@pytest.fixture
def guest(browser: Browser, faulty: Server) -> Iterator[Visitor]:
    """A visitor of that server."""
    with new_context(browser) as context, visiting(context, faulty.url) as guest:
        yield guest


def alert(page: Page) -> str:
    """What the page says went wrong."""
    return page.get_by_role("alert").inner_text()


def test_begin_anew_shows_what_the_app_begins_with_and_back_leads_to_the_view_before(guest: Visitor) -> None:
    start_title = guest.open("/").title()
    page = guest.open(LINK)
    expect(page).to_have_title(re.compile("^layer1.0.conv1 of .*, Activation dashboard$"))
    good = shown(page)
    layer("layer2.0.conv1")(page)
    expect(page.get_by_role("alert")).to_be_visible()
    guest.settle()
    told = "failed at this page for cifar-resnet20@epoch-1, patterns/5, layer1.0.conv1, layer2.0.conv1"
    assert told in alert(page)
    assert "nobody foresaw this" not in page.inner_text("body")
    failed, entries = shown(page), page.evaluate("history.length")

    page.get_by_role("link", name="Begin anew").click()
    expect(page).not_to_have_url(failed[0])
    expect(page.get_by_role("alert")).to_have_count(0)
    guest.settle()
    begun = shown(page)
    assert "model=cifar-resnet20&" in begun[0]
    assert "image=bundled-cifar10" in begun[0]
    assert not re.search("channel=|epoch-1|patterns", begun[0])
    assert begun[0].startswith(f"{guest.url}/?")
    assert begun[1] == start_title
    assert page.evaluate("history.length") == entries + 1

    page.go_back()
    expect_shown(page, failed)
    expect(page.get_by_role("alert")).to_be_visible()
    guest.settle()
    assert "patterns/5" in alert(page)
    page.go_back()
    expect_shown(page, good)
    expect(page.get_by_role("alert")).to_have_count(0)
    guest.settle()
    assert "layer1.0.conv1" in page.get_by_role("radio", checked=True).first.inner_text()
    for view in (failed, begun):
        page.go_forward()
        expect_shown(page, view)
        guest.settle()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("history.length") == entries + 1


def test_after_it_every_page_goes_on_with_what_the_app_begins_with(guest: Visitor) -> None:
    page = guest.open(LINK.replace("layers=layer1.0.conv1&", ""))
    page.get_by_role("link", name="Begin anew").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    guest.settle()
    begun = shown(page)
    menu("Layers")(page)
    expect(page).to_have_title("Layers of cifar-resnet20, Activation dashboard")
    guest.settle()
    assert "cifar-resnet20@epoch-1" not in page.url
    page.go_back()
    expect_shown(page, begun)
