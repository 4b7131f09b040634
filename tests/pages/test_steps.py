"""Steps between layers: offered on request, then chosen, shown, compared and linked like layers."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest
from torch import nn

from actviz_core.workspace.shared import Workspace
from tests.hooks.step_toys import ScalesTwice
from tests.pages.test_layers import chosen, names, ticked
from tests.pages.truth import IMAGE, truth
from tests.pages.visit import (
    check_fine,
    choose,
    described,
    go_to,
    read_page,
    said,
    table,
    tick,
    tile,
    visit,
    widget,
)
from tests.toy_models import CountedNet

MODEL = "resnet18@random"
SUM = "layer1.0/add#1"
LINK = {"model": MODEL, "image": IMAGE, "layers": ["layer1.0.conv1", SUM]}


def switch(app: AppTest) -> bool:
    return bool(widget(app, "Steps between layers").value)


def steps_in(listed: list[str]) -> list[str]:
    return [name for name in listed if "/" in name]


def test_steps_are_listed_where_they_happen_once_the_switch_is_on() -> None:
    app = visit("layers", {"model": MODEL, "layers": "layer1.0.conv1"})
    assert steps_in([*names(app), *widget(app, "Layers").options]) == []
    choose(app, "Steps between layers", True)
    check_fine(app)
    assert app.query_params["steps"] == "true"
    expected = [f"layer{stage}.{block}/add#1" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert steps_in(names(app)) == [*expected, "/flatten#1"]
    assert widget(app, "Layers").options == names(app)
    row = table(app).set_index("Full name").loc[SUM]
    assert (row["Layer"], row["Type"], row["Output"]) == ("\u2003\u2003add#1", "add", "64 x 56 x 56")
    assert (row["Parameters"], row["Calls"]) == (0, 1)
    assert names(app).index(SUM) == names(app).index("layer1.0.bn2") + 1


def test_a_step_is_ticked_shown_and_compared_like_a_layer() -> None:
    app = visit("layers", {"model": MODEL, "layers": "layer1.0.conv1", "steps": "true"})
    tick(app, "layer1.0.conv1", SUM)
    check_fine(app)
    assert chosen(app) == ["layer1.0.conv1", SUM]
    assert ticked(app) == ["layer1.0.conv1", SUM]
    assert "1 layer and 1 step chosen: 64 + 64 channels, 1.6 MB for one picture" in read_page(app)
    go_to(app, "activations")
    choose(app, "Layer", SUM)
    check_fine(app)
    assert "Adds two results cell by cell" in read_page(app)
    expected = truth("layer1.0.bn2", IMAGE, MODEL) + truth("maxpool", IMAGE, MODEL)
    assert expected.min() < 0
    assert f"**{SUM}** add, 64 x 56 x 56." in read_page(app)
    assert tile(app, 5, expected.shape).tobytes() == expected[5].tobytes()
    go_to(app, "compare")
    check_fine(app)
    assert described(app, "compare_board") == f"2 panels: 1 layer1.0.conv1; 2 {SUM}"


@pytest.mark.parametrize("page", ["start", "samples", "layers", "activations", "compare"])
def test_a_link_with_a_step_opens_everywhere_and_switches_steps_on(page: str) -> None:
    app = visit(page, LINK)
    check_fine(app)
    assert app.query_params["layers"] == LINK["layers"]
    assert app.query_params["steps"] == "true"
    assert widget(app, "Layers").value == LINK["layers"]
    go_to(app, "layers")
    check_fine(app)
    assert switch(app)
    assert ticked(app) == LINK["layers"]


def test_the_switch_stays_as_it_is_on_the_way_over_other_pages() -> None:
    app = visit("layers", {"model": MODEL, "layers": "conv1"})
    choose(app, "Steps between layers", True)
    go_to(app, "activations")
    assert app.query_params["steps"] == "true"
    assert "/flatten#1" in widget(app, "Layers").options
    choose(app, "Layers", ["conv1", "/flatten#1"])
    check_fine(app)
    choose(app, "Layers", ["conv1"])
    go_to(app, "layers")
    assert switch(app)


def test_switching_steps_off_drops_those_that_are_chosen() -> None:
    app = visit("layers", LINK)
    choose(app, "Steps between layers", False)
    check_fine(app)
    assert chosen(app) == ["layer1.0.conv1"]
    assert "steps" not in app.query_params
    assert steps_in(names(app)) == []


def test_a_step_without_its_number_stands_for_all_of_them(serve_toy: Callable[..., Workspace]) -> None:
    serve_toy(Sums())
    app = visit("layers", {"layers": "/add"})
    check_fine(app)
    assert ticked(app) == ["/add#1", "/add#2"]
    go_to(app, "activations")
    check_fine(app)
    assert widget(app, "Layer").options == ["/add#1", "/add#2"]


class Sums(CountedNet):
    """Two sums of its own."""

    def forward(self, x):  # type: ignore[no-untyped-def]  # as the base class's
        return self.fc(self.relu((self.conv(x) + 1) + 2).amax((2, 3)))


@pytest.mark.parametrize("name", ["layer1.0/ad#1", "layer1.0/add#2", "layer9/add#1"])
def test_an_unknown_step_is_told_with_close_ones(name: str) -> None:
    app = visit("activations", {"model": MODEL, "layers": ["conv1", name]})
    (message,) = said(app)
    assert f"'{name}' is not a step between layers of {MODEL}. Closest: '" in message
    assert "/add#1'" in message
    assert widget(app, "Layer").options == ["conv1"]


def test_a_wrong_switch_in_a_link_is_told() -> None:
    (message,) = said(visit("layers", {"steps": "maybe"}))
    assert message == "The link's steps=maybe is not possible here. It can be: true, false."


def test_steps_that_another_network_has_too_stay_chosen() -> None:
    app = visit("activations", {"model": MODEL, "layers": ["conv1", SUM, "/flatten#1"]})
    choose(app, "Model", "cifar-resnet20")
    assert chosen(app)[0] == "conv1"
    assert SUM not in chosen(app)
    assert said(app) == []


def test_a_step_that_happens_for_other_pictures_only_is_told(serve_toy: Callable[..., Workspace]) -> None:
    serve_toy(Loops())
    app = visit("activations", {"layers": ["conv", "/sub#7"]})
    (message,) = said(app)
    assert "'/sub#7' did not happen" in message
    assert "Network says" in read_page(app)


class Loops(CountedNet):
    """How often it subtracts depends on values."""

    def forward(self, x):  # type: ignore[no-untyped-def]  # as the base class's
        x = self.conv(x)
        while float(x.max()) > 0:
            x = x - 1
        return self.fc(x.amax((2, 3)))


def test_steps_below_the_deepest_layer_are_not_folded_away(serve_toy: Callable[..., Workspace]) -> None:
    serve_toy(CountedNet(nn.Sequential(ScalesTwice.ScaleAndShift())))
    app = visit("layers", {"layers": "conv"})
    assert widget(app, "Depth").value == 2
    choose(app, "Steps between layers", True)
    check_fine(app)
    assert widget(app, "Depth").value == 2
    assert steps_in(names(app)) == ["between.0/mul#1", "/sub#1", "/mean#1"]
    choose(app, "Depth", 1)
    assert steps_in(names(app)) == ["/sub#1", "/mean#1"]


def test_a_type_that_only_steps_have_is_let_go_with_them() -> None:
    app = visit("layers", {"model": MODEL, "layers": "conv1", "steps": "true", "type": "add"})
    check_fine(app)
    assert names(app) == [name for name in steps_in(widget(app, "Layers").options) if "/add" in name]
    choose(app, "Steps between layers", False)
    check_fine(app)
    assert len(names(app)) > 50
