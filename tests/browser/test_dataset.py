"""The page Data set in a browser: one press, what comes of it, and the ways on from there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.server import Server, running
from tests.support.visitor import NARROW, WIDE, Visitor, new_context, visiting

pytestmark = pytest.mark.browser

LONG = 120_000  # milliseconds: a process has to load PyTorch first
QUESTIONS = {
    "How good is it": ".st-key-dataset_confusion",
    "Are its channels alive": ".st-key-dataset_channels_table",
    "What excites them": ".st-key-excites_sheet_0",
    "What a layer tells apart": ".st-key-dataset_apart_map",
    "Alike inside": ".st-key-dataset_alike",
}

_CELL = """([row, column]) => {
    const plot = document.querySelector('.st-key-dataset_confusion .figure-plot');
    plot.scrollIntoView({block: 'center'});
    const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.l2p(column), box.top + yaxis._offset + yaxis.l2p(row)];
}"""
_WRONG = """() => {
    const counts = document.querySelector('.st-key-dataset_confusion .figure-plot')._fullData[0].z;
    for (let row = 0; row < counts.length; row++)
        for (let column = 0; column < counts[row].length; column++)
            if (row !== column && counts[row][column]) return [row, column];
}"""


@pytest.fixture(scope="module")
def swept(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which a first visitor has pressed Start."""
    data: Path = tmp_path_factory.mktemp("data")
    with running(environ={"ACTVIZ_DATA": str(data), "ACTVIZ_DEVICE": "cpu"}) as server:
        with new_context(browser) as context, visiting(context, server.url) as visitor:
            page = visitor.open("/dataset")
            page.get_by_role("button", name="Start", exact=True).click()
            expect(page.get_by_text("95.0 % right: 19 of 20.")).to_be_visible(timeout=LONG)
            visitor.settle()
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture
def guest(browser: Browser, swept: Server) -> Iterator[Visitor]:
    """Somebody else, after that."""
    with new_context(browser) as context, visiting(context, swept.url) as visitor:
        yield visitor


def ask(visitor: Visitor, question: str) -> Page:
    """Choose a question, and wait for what answers it."""
    page = visitor.page
    page.get_by_role("radio", name=question).or_(page.get_by_role("button", name=question)).first.click()
    page.mouse.move(0, 0)
    page.locator(QUESTIONS[question]).wait_for()
    visitor.settle()
    return page


def test_everybody_sees_the_run_that_somebody_started(guest: Visitor) -> None:
    page = guest.open("/dataset")
    expect(page.get_by_text("95.0 % right: 19 of 20.")).to_be_visible()
    assert "run=" in page.url


def test_a_cell_opens_its_pictures_and_a_picture_opens_why(guest: Visitor) -> None:
    page = guest.open("/dataset")
    row, column = page.evaluate(_WRONG)
    page.mouse.click(*page.evaluate(_CELL, [row, column]))
    page.locator(".st-key-dataset_cell .figure[data-state=drawn]").wait_for()
    expect(page.get_by_text("1 picture of ship, taken for automobile.")).to_be_visible()
    assert "cell=" in page.url
    page.locator(".st-key-dataset_cell .figure-plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/why?**")
    expect(page.get_by_role("heading", name="Why does it say so?")).to_be_visible()
    guest.settle()


@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (NARROW, True)], ids=["wide-light", "narrow-dark"])
def test_every_question_is_answered_readably(
    browser: Browser, swept: Server, size: tuple[int, int], dark: bool
) -> None:
    with new_context(browser, size=size, dark=dark) as context, visiting(context, swept.url) as visitor:
        visitor.open("/dataset")
        for question in QUESTIONS:
            page = ask(visitor, question)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            violations = Axe().run(page).response["violations"]
            serious = [
                f"{finding['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
                for finding in violations
                if finding["impact"] in ("serious", "critical")
                for node in finding["nodes"]
            ]
            assert serious == [], question
            link = page.url
            assert re.search(r"question=\w+", link) or question == "How good is it"


def test_a_link_to_a_question_opens_it_elsewhere(guest: Visitor, browser: Browser, swept: Server) -> None:
    guest.open("/dataset")
    page = ask(guest, "Are its channels alive")
    with new_context(browser) as context, visiting(context, swept.url) as other:
        opened = other.open(page.url.removeprefix(swept.url))
        opened.locator(QUESTIONS["Are its channels alive"]).wait_for()
