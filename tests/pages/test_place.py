"""The chosen place: clicked in a figure, kept in the link, marked in every figure, and let go of."""

from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.truth import truth
from tests.pages.visit import check_fine, choose, click, drawn, figure, go_back, press, read_page, said, visit

LAYER = "layer2.0.conv1"
LINK = {"layers": LAYER, "channel": "3", "place": "4,5"}
TWO = [f"cifar-resnet20,bundled-cifar10/0{variant},{LAYER}" for variant in ("", "~mirror")]


def chosen(app: AppTest, key: str = "activations_grid") -> dict[str, int] | None:
    """The cell that a figure marks: position of its panel, row and column."""
    found: dict[str, int] | None = figure(app, key)["layout"]["meta"].get("chosen")
    return found


def test_a_cell_chooses_its_channel_and_its_place() -> None:
    app = visit("activations", {"layers": LAYER})
    click(app, "activations_grid", 17, (12, 3))
    check_fine(app)
    assert (app.query_params["place"], app.session_state["channel"]) == ("12,3", 17)
    assert chosen(app) == {"panel": 0, "row": 12, "column": 3}
    assert f"At row 12, column 3: **{truth(LAYER)[17, 12, 3]:.5g}**" in read_page(app)


def test_a_link_opens_the_same_place() -> None:
    app = visit("activations", LINK)
    check_fine(app)
    assert chosen(app) == {"panel": 0, "row": 4, "column": 5}
    assert f"At row 4, column 5: **{truth(LAYER)[3, 4, 5]:.5g}**" in read_page(app)


@pytest.mark.parametrize("place", ["16,0", "0,16", "a,b", "4", "-1,0", "1,2,3", ""])
def test_a_place_that_is_not_there_is_told(place: str) -> None:
    app = visit("activations", {**LINK, "place": place})
    (words,) = said(app)
    assert f"place={place} is not possible here" in words
    assert "from 0,0 to 15,15" in words
    assert chosen(app) is None
    choose(app, "Sort by", "maximum")
    check_fine(app)


def test_a_title_lets_go_of_the_place_and_so_do_another_layer_and_all_channels() -> None:
    acts: list[Callable[[AppTest], None]] = [
        lambda app: click(app, "activations_grid", 8),
        lambda app: press(app, "All"),
        lambda app: choose(app, "Layer", "layer1.0.conv1"),
    ]
    for act in acts:
        app = visit("activations", {**LINK, "layers": [LAYER, "layer1.0.conv1"]})
        act(app)
        check_fine(app)
        assert chosen(app) is None
        assert "place" not in app.query_params


@pytest.mark.parametrize("page", ["activations", "channel"])
def test_back_to_a_view_without_a_place_lets_go_of_it(page: str) -> None:
    app = visit(page, {"layers": LAYER, "channel": "3"})
    key = "activations_grid" if page == "activations" else "channel_map"
    click(app, key, 3, (4, 5))
    assert app.query_params["place"] == "4,5"
    del app.query_params["place"]
    go_back(app)
    check_fine(app)
    assert chosen(app, key) is None
    assert "place" not in app.query_params


def test_next_keeps_the_place_for_the_other_channel() -> None:
    app = visit("activations", LINK)
    press(app, "Next")
    assert f"At row 4, column 5: **{truth(LAYER)[4, 4, 5]:.5g}**" in read_page(app)


def test_a_cell_of_the_board_is_kept_with_its_panel_and_opens_from_the_link() -> None:
    app = visit("compare", {"panel": TWO})
    click(app, "compare_board", 7, (2, 9), panel=1)
    check_fine(app)
    assert chosen(app, "compare_board") == {"panel": 1, "row": 2, "column": 9}
    assert (app.query_params["place"], app.query_params["place_panel"]) == ("2,9", "2")
    linked = visit("compare", dict(app.query_params))
    check_fine(linked)
    assert chosen(linked, "compare_board") == {"panel": 1, "row": 2, "column": 9}


def test_figures_say_which_part_of_which_picture_they_show() -> None:
    panels = figure(visit("compare", {"panel": TWO}), "compare_board")["layout"]["meta"]["panels"]
    plain, mirrored = (panel["part"] for panel in panels)
    assert plain == {"picture": "bundled-cifar10/0", "box": [0, 0, 1, 1], "mirrored": False}
    assert mirrored == plain | {"mirrored": True}


def test_every_panel_on_the_page_says_where_its_tiles_lie() -> None:
    app = visit("activations", {"layers": LAYER, "channel": "3"})
    for key in drawn(app) & {"activations_grid", "activations_channel"}:
        (panel,) = figure(app, key)["layout"]["meta"]["panels"]
        assert panel["tile"] == [16, 16]
        assert 3 in panel["items"]
        assert np.isfinite(panel["part"]["box"]).all()
