"""One writer for percent and one for megabytes, and no other beside them."""

import re
from pathlib import Path

import pytest

from actviz_core.settings import read_settings
from actviz_core.units import NO_BREAK, megabytes, percent, share_in_words

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0, 0, "0 %"),
        (0.0004, 0, "< 1 %"),
        (0.01, 0, "1 %"),
        (0.934, 0, "93 %"),
        (0.99, 0, "99 %"),
        (0.996, 0, "> 99 %"),
        (1, 0, "100 %"),
        (0.8974, 1, "89.7 %"),
        (0.99999, 1, "> 99.9 %"),
        (0.00001, 1, "< 0.1 %"),
        (0.9999999, 3, "> 99.999 %"),
        (1, 3, "100.000 %"),
    ],
)
def test_a_share_is_written_on_one_line_and_never_rounded_to_none_or_all(
    share: float, digits: int, text: str
) -> None:
    assert percent(share, digits) == text.replace(" ", NO_BREAK)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.001, "less than 1 %"), (0.234, "23 %"), (0.999, "more than 99 %"), (1, "100 %")],
)
def test_within_a_sentence_the_signs_are_words(share: float, words: str) -> None:
    assert share_in_words(share).replace(NO_BREAK, " ") == words


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 MB"),
        (3, "< 0.1 MB"),
        (1_000_000, "1 MB"),
        (1_100_000, "1.1 MB"),
        (9_949_999, "9.9 MB"),
        (9_970_000, "10 MB"),
        (46_830_571, "47 MB"),
        (2 * 10**9, "2,000 MB"),
    ],
)
def test_bytes_are_said_in_megabytes(count: int, text: str) -> None:
    assert megabytes(count) == text


def test_a_setting_in_megabytes_is_said_with_the_number_that_was_set() -> None:
    settings = read_settings({"ACTVIZ_WEIGHTS_MB": "2000", "ACTVIZ_CACHE_MB": "512"})
    assert megabytes(settings.weights_bytes) == "2,000 MB"
    assert megabytes(settings.cache_bytes) == "512 MB"


def test_nothing_else_writes_percent_or_megabytes() -> None:
    # Not plotly's own formats, such as %{x:.1%}, which the browser fills in.
    own = re.compile(r"(?<!%)(?<!%\{)\{[^{}%]*:[.,\w]*%}|} %|1e6.*MB|2\*\*20.*MB|} MB")
    elsewhere = {
        path.relative_to(ROOT).as_posix()
        for folder in ("actviz_core", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if own.search(path.read_text(encoding="utf-8"))
    }
    model_card = {"actviz_core/training/evaluate.py"}  # in Markdown, with two digits
    assert elsewhere - model_card == {"actviz_core/units.py"}
