"""Text from outside is shown as text, and numbers as people say them."""

import string

import pytest

from actviz_core.ui.text import JOINER, megabytes, percent, plain, shape_text

NO_BREAK = "\u00a0"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("layer1.0", r"layer1\.0"),
        ("**bold**", r"\*\*bold\*\*"),
        ("<b>x</b>", r"\<b\>x\<\/b\>"),
        ("[a](b)", r"\[a\]\(b\)"),
        (":red[x] $x$ `x`", r"\:red\[x\] \$x\$ \`x\`"),
        ("# head\n- item\r\n\tcode", r"\# head \- item code"),
        ("chat à l'été", r"chat à l\'été"),
        ("", ""),
    ],
)
def test_everything_that_could_be_markup_is_escaped(text: str, escaped: str) -> None:
    assert plain(text) == escaped


@pytest.mark.parametrize(
    ("text", "held_apart"),
    [
        ("http://a.b", "http:|//a.b"),
        ("HTTPS://a.b", "HTTPS:|//a.b"),
        ("www.a.b", "www|.a.b"),
        ("me@a.b", "me@|a.b"),
        (":material_home:", ":|material_home:"),
        (":streamlit: :+1:", ":|streamlit: :|+1:"),
        ("team.nets:small", "team.nets:small"),
        ("resnet18@random", "resnet18@random"),
    ],
)
def test_what_would_be_found_in_plain_text_is_held_apart(text: str, held_apart: str) -> None:
    unescaped = plain(text).replace("\\", "")
    assert unescaped == held_apart.replace("|", JOINER)


def test_what_is_no_character_or_turns_the_line_is_replaced() -> None:
    assert plain("a\ud800b\u202ec\x00d") == "a\ufffdb\ufffdc\ufffdd"


def test_no_punctuation_mark_is_left_as_it_is() -> None:
    assert plain(string.punctuation) == "".join(f"\\{mark}" for mark in string.punctuation)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0.0 MB"), (1_100_000, "1.1 MB"), (9_949_999, "9.9 MB"), (46_830_571, "47 MB"), (10**9, "1000 MB")],
)
def test_bytes_are_said_in_megabytes(count: int, text: str) -> None:
    assert megabytes(count) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.0004, "< 1 %"),
        (0.01, "1 %"),
        (0.934, "93 %"),
        (0.99, "99 %"),
        (0.996, "> 99 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_said_in_percent_on_one_line_without_claiming_certainty(share: float, text: str) -> None:
    assert percent(share) == text.replace(" ", NO_BREAK)


@pytest.mark.parametrize(
    ("shape", "text"),
    [((1, 64, 56, 56), "64 x 56 x 56"), ((1, 10), "10"), ((7,), "7"), (None, "never runs")],
)
def test_a_shape_is_said_without_its_batch(shape: tuple[int, ...] | None, text: str) -> None:
    assert shape_text(shape) == text
