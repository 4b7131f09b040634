"""Text from outside is shown as text, and shapes as people say them."""

import string

import pytest

from actviz_core.ui.text import JOINER, plain, shape_text


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
    ("shape", "text"),
    [((1, 64, 56, 56), "64 x 56 x 56"), ((1, 10), "10"), ((7,), "7"), (None, "never runs")],
)
def test_a_shape_is_said_without_its_batch(shape: tuple[int, ...] | None, text: str) -> None:
    assert shape_text(shape) == text
