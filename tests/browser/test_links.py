"""Links that name what isn't there: a message that says what would work, and no traceback."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from actviz_core.ui.text import JOINER
from tests.support.visitor import Visitor

pytestmark = pytest.mark.browser

BAD_LINKS = {
    "model": ("/activations?model=cifar-resnet21", ["cifar-resnet21", "cifar-resnet20"]),
    "weights": ("/activations?model=cifar-resnet20@epoch-99", ["epoch-99", "epoch-1"]),
    "picture": (
        "/samples?image=bundled-cifar10/99",
        ["picture 99", "bundled-cifar10/0 to bundled-cifar10/19"],
    ),
    "layer": ("/activations?layers=layer1.0.conv9", ["layer1.0.conv9", "layer1.0.conv1"]),
    "page": ("/samples?source=bundled-cifar10&page=7", ["page=7", "It can be: 1."]),
    "page of channels": (
        "/activations?layers=layer3.0.conv1&tiles=16&grid_page=9",
        ["grid_page=9", "1, 2, 3, 4"],
    ),
    "channel": ("/activations?layers=conv1&channel=99", ["channel=99", "15"]),
}


@pytest.mark.parametrize("link", BAD_LINKS)
def test_a_bad_link_says_what_is_wrong_and_what_would_work(visitor: Visitor, link: str) -> None:
    address, words = BAD_LINKS[link]
    page = visitor.open(address)
    message = page.get_by_role("alert").filter(has_text=words[0])
    expect(message).to_have_count(1)
    for word in words:
        expect(message).to_contain_text(word)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Model", exact=True)).to_be_visible()


FOREIGN = (
    *("http://evil.example", "www.evil.example", "me@evil.example", "[a](http://evil.example)", "# head"),
    *(":material_home:", ":material/home:", ":streamlit:", ":smile:", ":red[x]", "$x^2$", "<b>x</b>", "`c`"),
)


@pytest.mark.parametrize("text", FOREIGN)
def test_text_from_a_link_is_shown_as_text(visitor: Visitor, text: str) -> None:
    page = visitor.open(f"/activations?model={quote(text)}&image={quote(text)}&steps={quote(text)}")
    messages = page.get_by_role("alert").get_by_test_id("stMarkdownContainer")
    expect(messages.filter(has_text="The link's steps")).to_have_count(1)
    expect(messages.locator("a, h1, h2, img, code, em, b, [role=img], .katex")).to_have_count(0)
    shown = [message.replace(JOINER, "") for message in messages.all_inner_texts()]
    assert f"The link's steps={text} is not possible here. It can be: true, false." in shown
