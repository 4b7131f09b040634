"""Texts, numbers and ticks look as in the browser."""

import pytest
from PIL import Image, ImageDraw

from actviz_core.errors import ExportError
from actviz_core.export.lettering import Run, lines_of, number, shortened, text_size, write
from actviz_core.export.ticks import ticks_of


def test_markup_becomes_lines_and_weights() -> None:
    assert lines_of("<b>one</b> &lt;b&gt;<br>two<i>!</i>") == [
        [Run("one", bold=True), Run(" <b>", bold=False)],
        [Run("two", bold=False), Run("!", bold=False)],
    ]


def test_a_text_that_begins_with_less_than_is_no_markup() -> None:
    assert lines_of("< 0.1 %") == [[Run("< 0.1 %", bold=False)]]


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1.5, ".3~g", "1.5"),
        (0.00691, ".3~g", "0.00691"),
        (0.0000125, ".3~g", "0.0000125"),
        (1.25e-7, ".3~g", "1.25e-7"),
        (123456, ".3~g", "1.23e+5"),
        (0, ".3~g", "0"),
        (2000, "", "2000"),
        (0.5, ".1%", "50.0%"),
    ],
)
def test_numbers_look_as_in_the_browser(value: float, spec: str, text: str) -> None:
    assert number(value, spec) == text


def test_a_format_that_is_not_known_is_refused() -> None:
    with pytest.raises(ExportError, match=r"cannot write numbers in the format '\$s'"):
        number(1, "$s")


def test_ticks_are_round_numbers_within_the_ends() -> None:
    assert ticks_of({"nticks": 6, "tickformat": ".3~g"}, -2, 2, pixels=500) == [
        (-2, "-2"),
        (-1, "-1"),
        (0, "0"),
        (1, "1"),
        (2, "2"),
    ]
    assert [text for _, text in ticks_of({"nticks": 6}, 0.013, 0.5, pixels=500)] == [
        "0.1",
        "0.2",
        "0.3",
        "0.4",
        "0.5",
    ]


def test_given_ticks_keep_their_texts_where_they_are_in_range() -> None:
    given = {"tickvals": [-1, 0, 1, 7], "ticktext": ["-max", "0", "+max", "beyond"]}
    assert ticks_of(given, -1, 1, pixels=500) == [(-1, "-max"), (0, "0"), (1, "+max")]


def test_a_long_text_loses_its_middle() -> None:
    text = "a" * 40 + "z" * 40
    short = shortened(text, 10, 200)
    assert text_size(lines_of(short), 10)[0] <= 200
    assert short.startswith("aaa")
    assert short.endswith("zzz")
    assert "…" in short
    assert shortened("abc", 10, 200) == "abc"


@pytest.mark.parametrize(("across", "left", "right"), [(0.0, 50, 90), (1.0, 10, 50), (0.5, 30, 70)])
def test_text_stands_at_its_anchor(across: float, left: int, right: int) -> None:
    picture = Image.new("RGB", (100, 40), "white")
    write(ImageDraw.Draw(picture), "WWWW", 50, 20, size=10, color=(0, 0, 0, 255), across=across)
    inked = picture.convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    assert inked is not None
    assert left - 2 <= inked[0]
    assert inked[2] <= right + 2
    assert 10 <= inked[1] < 20 < inked[3] <= 30
