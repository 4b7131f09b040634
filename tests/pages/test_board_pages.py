"""A layer of many channels on the board: said to be a part, and turned page by page."""

from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from tests.pages.test_board_follows import shared
from tests.pages.visit import check_fine, choose, described, figure, read_page, turn_to, visit


class Wide(nn.Sequential):
    """Two layers: 130 channels, then 4."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 130, 3), nn.Conv2d(130, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


@pytest.fixture
def app(serve_toy: Any) -> AppTest:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        serve_toy(Wide().eval())
    return visit("compare", {"panel": [",,0", ",,1"]})


def channels(app: AppTest) -> list[list[int]]:
    """The channels of every grid, in display order."""
    traces = figure(app, "compare_board")["data"]
    return [[int(channel) for channel in t["customdata"]] for t in traces if t["type"] == "scatter"]


def headings(app: AppTest) -> list[str]:
    notes = figure(app, "compare_board")["layout"]["annotations"]
    return [note["text"] for note in notes if note["text"].startswith("<b>")]


def test_a_board_says_how_many_of_all_channels_it_shows(app: AppTest) -> None:
    check_fine(app)
    assert shared(app)
    assert headings(app) == ["<b>1 0</b>  64 of 130, page 1", "<b>2 1</b>"]
    assert described(app, "compare_board") == "2 panels: 1 0, 64 of 130 channels; 2 1"


def test_all_channels_are_found_page_by_page(app: AppTest) -> None:
    found = []
    for page in (1, 2, 3):
        turn_to(app, page)
        found += channels(app)[0]
    assert found == list(range(130))
    assert headings(app) == ["<b>1 0</b>  2 of 130, page 3", "<b>2 1</b>  0 of 4, page 3"]
    again = visit("compare", {"panel": [",,0", ",,1"], "board_page": "3"})
    check_fine(again)
    assert channels(again) == channels(app)


def test_sorted_channels_say_by_what(app: AppTest) -> None:
    choose(app, "Sort by", "mean")
    assert headings(app)[0] == "<b>1 0</b>  64 of 130, by mean, page 1"


def test_a_difference_says_that_its_maps_are_a_part(app: AppTest) -> None:
    other = visit("compare", {"panel": [",~,0", ",~mirror,0"]})
    assert "The maps are the 64 of 130 channels that differ most; the table has all." in read_page(other)
    assert "differ most" not in read_page(app)
