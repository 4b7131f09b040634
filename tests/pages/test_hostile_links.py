"""Hostile links: none ends in an exception, and none brings headings, links or icons of its own."""

from collections.abc import Iterator
from itertools import count

import pytest
from streamlit.testing.v1 import AppTest

from actviz_core.ui.shell import errors
from actviz_core.ui.text import plain
from tests.pages.visit import Link, as_read, check_sound, said, visit

MARKUP = (
    "# head",
    "###### [x](http://evil.example)",
    "head\n===",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![i](http://evil.example/x.png)",
    "http://evil.example",
    "see HTTPS://evil.example/a_b_c?d=e#f now",
    "www.evil.example",
    "me@evil.example",
    "<http://evil.example>",
    ":material/home:",
    ":material_home:",
    ":red[alarm]",
    ":red-background[alarm]",
    ":streamlit:",
    ":smile:",
    ":+1:",
    "$x^2$",
    "$$x$$",
    "`code`",
    "```\ncode",
    "- item",
    "1. item",
    "> quote",
    "---",
    "| a | b |\n|---|---|\n| c | d |",
    "~~gone~~",
    "**bold** __bold__ *it*",
    "&lt;b&gt;&#35;",
    "\\# head",
    "[^1]: note",
)
ODD = (
    *("", " ", "\x00", "\n", "\u202egnp.tac", "\u2028", "\ufeff", "\U0001f4a3", "e\u0301" * 300, "a" * 9000),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "%00", "%s%n{0}", "{{7*7}}", "${x}", "' OR 1=1 --", "[0]"),
    *("None", "null", "true", "[]", "{}", "__class__", "__import__('os')", ",", ",,,", "@", "#1", "/", "~"),
)
NUMBERS = (
    *(
        "inf",
        "-inf",
        "+Infinity",
        "nan",
        "-nan",
        "1e400",
        "-1e400",
        "1e30",
        "1e-400",
        "9" * 400,
        "-" + "9" * 400,
    ),
    *("-0", "-1", "1.5", "0x10", "1_0", "\u0661", "9007199254740993", "1e", "+", ".", "1,5", " 1 ", "1;2"),
)
LINKED = ("model", "image", "layers", "steps", "edit")
TEXTS = {
    "start": LINKED,
    "samples": (*LINKED, "source", "class", "only_wrong"),
    "layers": (*LINKED, "type", "filter"),
    "activations": (
        *(
            *LINKED,
            "activations_layer",
            "sort",
            "colours",
            "range",
            "only",
            "hide_silent",
            "descending",
            "reading",
        ),
        *("overview", "over_picture", "values", "class", "place", "which_matter"),
    ),
    "why": (*LINKED, "class", "against", "methods", "absolute", "one_range", "untrained"),
    "compare": (
        *(*LINKED, "panel", "show", "summary", "board_sort", "board_colours", "own_range", "own_order"),
        *("board_over", "board_reference", "values", "place", "place_panel"),
    ),
    "channel": (*LINKED, "activations_layer", "channel", "card", "change", "lowest", "channel_over"),
    "card": ("model", "measured_on"),
    "weights": ("model", "image"),
    "about": ("model",),
}
NUMERIC: dict[str, dict[str, Link]] = {
    "samples": {"seed": {}, "page": {}},
    "layers": {"depth": {}},
    "activations": {
        "channel": {},
        "tiles": {},
        "opacity": {},
        "grid_page": {"layers": "layer3.0.conv1", "tiles": "16"},
    },
    "why": {"why_opacity": {}},
    "compare": {"board_opacity": {}, "board_channel": {"show": "one channel"}},
    "channel": {"factor": {"change": "scaled"}, "seed": {"card": "made"}},
}
SLOW = ("why", "channel")  # pages that work in the background for each link: each parameter gets fewer values
IDS = (
    *("cifar-resnet20@", "cifar-resnet20@@", "@final", "timm/", "timm/@", "resnet18@random@x", "tests:kills"),
    *("os:system", "builtins:exec", "CIFAR-RESNET20", "cifar-resnet20@" + "0" * 64, "resnet18@../../x"),
)
PICTURES = (
    *("bundled-cifar10/-1", "bundled-cifar10/1e3", "bundled-cifar10/\u0661", "bundled-cifar10/" + "9" * 9),
    *("upload/../../../etc", "upload/" + "0" * 12, "upload/" + "G" * 12, "folder/0", "cifar10-train/1"),
    *(
        "bundled-cifar10/1~",
        "bundled-cifar10/1~noise-1e9",
        "bundled-cifar10/1~noise-nan",
        "patterns/0~mirror~mirror",
    ),
)
EDITS = (
    *("layer1.0.conv1:0*0", "layer1.0.conv1:99*1", "layer1.0.conv1:1*-1", "layer1.0.conv1:1*4", ":0*0"),
    *(
        "layer1.0.conv1:\u0661*\u0662",
        "fc:0*nan",
        "!",
        "a!b:1*1",
        "layer1.0.conv1:0*1e5",
        "cifar-resnet20:0*0",
    ),
)
PLACES = (
    *("0", ",", "1,", "-1,0", "1e1,2", "99,99", "\u0661,\u0661", "nan,nan", "9" * 400 + ",1", "1,1,1"),
    *MARKUP[:3],
)


def links(page: str) -> Iterator[Link]:
    """What is opened on a page: every parameter with some of what is hostile, all of it within the page."""
    texts, numbers = count(), count()
    hostile = (*MARKUP, *ODD)
    for name in TEXTS[page]:
        for _ in range(2 if page in SLOW else len(hostile) // 9):
            yield {name: hostile[5 * next(texts) % len(hostile)]}
    for name, more in NUMERIC.get(page, {}).items():
        for _ in range(4 if page in SLOW else len(NUMBERS) // 2):
            yield {**more, name: NUMBERS[next(numbers) % len(NUMBERS)]}
    if page == "activations":
        yield from ({"model": key} for key in IDS)
        yield from ({"image": image_id} for image_id in PICTURES)
        yield from ({"edit": edit} for edit in EDITS)
        yield from ({"layers": "layer1.0.conv1", "place": place} for place in PLACES)
        yield {name: list(MARKUP) for name in ("model", "image", "layers", "sort", "channel", "steps")}
    if page == "compare":
        yield from ({"panel": [f"{key},{PICTURES[0]},{MARKUP[0]}"] * 9} for key in IDS)


def rendered(app: AppTest) -> Iterator[str]:
    """Every text that the browser reads as Markdown."""
    for element in (*app.error, *app.warning, *app.info, *app.success):
        yield element.value
    for element in (*app.markdown, *app.caption, *app.title, *app.header, *app.subheader):
        yield element.value
    for widget in (
        *app.button,
        *app.selectbox,
        *app.multiselect,
        *app.toggle,
        *app.slider,
        *app.number_input,
    ):
        yield from (widget.label, widget.help or "")


@pytest.fixture(autouse=True)
def no_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends a test, where a page would only say so."""

    def forbidden(error: Exception, what: str) -> str:
        raise AssertionError(what) from error

    monkeypatch.setattr(errors, "log_fault", forbidden)


def test_there_are_some_six_hundred() -> None:
    assert 500 <= sum(len(list(links(page))) for page in TEXTS) <= 700


@pytest.mark.parametrize("page", TEXTS)
def test_no_link_raises_or_shows_markup_of_its_own(page: str) -> None:
    for link in links(page):
        app = visit(page, link)
        check_sound(app)
        assert app.title, link
        given = [value for some in link.values() for value in ([some] if isinstance(some, str) else some)]
        for markup in (" ".join(value.split()) for value in given if value in MARKUP):
            for text in rendered(app):
                assert as_read(text).count(markup) <= text.count(plain(markup)), (link, text)


def test_numbers_that_are_none_are_told_and_leave_the_link() -> None:
    for given in ("inf", "-inf", "1e400", "9" * 400):
        app = visit("samples", {"seed": given})
        (message,) = said(app)
        assert message.startswith(f"The link's seed={given[:40]}")
        assert "It can be a number from 0 to 9007199254740991." in message
        assert "seed" not in app.query_params
        app.run()
        check_sound(app)
    assert "seed=nan is not possible" in said(visit("samples", {"seed": "nan"}))[0]


def test_many_unknown_layers_are_told_in_few_messages() -> None:
    messages = said(visit("activations", {"layers": [f"no{number}" for number in range(300)]}))
    assert len(messages) == 6
    assert messages[-1] == "295 more layers of the link are not in cifar-resnet20."


def test_many_edits_that_cannot_be_are_told_in_few_messages() -> None:
    messages = said(visit("activations", {"edit": [f"no{number}:0*0" for number in range(300)]}))
    assert len(messages) == 6
    assert messages[-1] == "295 more edits of the link are not possible in cifar-resnet20."


def test_a_long_place_is_cut_in_its_message() -> None:
    (message,) = said(visit("activations", {"place": "9" * 9000}))
    assert message.startswith("The link's place=999")
    assert len(message) < 200
