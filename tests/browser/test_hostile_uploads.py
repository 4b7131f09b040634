"""Files that are made to hurt, uploaded in a browser: the page says a sentence, and nobody else notices."""

import urllib.request

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.support import hostile_pictures as pictures
from tests.support import hostile_weights as weights
from tests.support.server import Server
from tests.support.visitor import new_context, visiting

pytestmark = pytest.mark.browser

LINK = "/activations?layers=conv1&layers=layer1.0.conv1"


def test_a_file_that_kills_whoever_reads_it_ends_in_a_sentence(server: Server, browser: Browser) -> None:
    content = weights.nested_key(200_000)
    assert len(content) < 210_000
    with (
        new_context(browser) as one,
        new_context(browser) as other,
        visiting(one, server.url) as sender,
        visiting(other, server.url) as bystander,
    ):
        watching = bystander.open(LINK)
        page = sender.open("/weights")
        payload = FilePayload(name="deep.pt", mimeType="application/octet-stream", buffer=content)
        page.locator('input[type="file"]').set_input_files(payload)
        watching.get_by_role("radio", name="layer1.0.conv1", exact=True).click()
        bystander.settle()
        expect(page.get_by_role("alert")).to_contain_text("deep.pt stopped the program that reads it")
        expect(watching.get_by_role("alert")).to_have_count(0)
    with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=10) as answer:  # noqa: S310 - loopback
        assert answer.status == 200


def test_a_picture_that_takes_too_long_is_left_and_the_next_is_taken(
    server: Server, browser: Browser
) -> None:
    slow = FilePayload(name="slow.jpg", mimeType="image/jpeg", buffer=pictures.jpeg_with_scans(1000))
    good = FilePayload(name="good.png", mimeType="image/png", buffer=pictures.encoded("PNG"))
    with new_context(browser) as context, visiting(context, server.url) as visitor:
        page = visitor.open("/samples")
        page.locator('input[type="file"]').set_input_files([slow, good])
        expect(page.get_by_text("Reading slow.jpg, 1 of 2")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("slow.jpg takes more than 5 seconds to read")
        expect(page.get_by_text("upload/").first).to_be_visible()
