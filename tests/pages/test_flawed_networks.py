"""Networks that give no usable numbers, or none at all: said in words, and the app goes on."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from actviz_core.workspace.shared import Workspace
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    go_to,
    offered,
    read_page,
    said,
    shown_channels,
    table,
    tile,
    visit,
    widget,
)
from tests.toy_models import CountedNet, Fails, Flaws

ServeToy = Callable[[nn.Module], Workspace]
REASON = "mat1 and mat2 cannot be multiplied"


class EmptyChannel(nn.Module):
    """Leaves no finite value in the first channel."""

    def forward(self, x: Tensor) -> Tensor:
        flawed = x.clone()
        flawed[:, 0] = math.nan
        return flawed


@pytest.fixture
def flawed(serve_toy: ServeToy) -> AppTest:
    """A layer whose first channel begins its second row with NaN, infinity and minus infinity twice."""
    serve_toy(CountedNet(Flaws(math.nan, math.inf, -math.inf, -math.inf)))
    return visit("activations", {"layers": "between"})


def test_values_that_are_not_finite_are_drawn_each_kind_in_its_colour(flawed: AppTest) -> None:
    check_fine(flawed)
    assert shown_channels(flawed) == [0, 1, 2, 3]
    values = tile(flawed, 0, (4, 8, 8))
    np.testing.assert_array_equal(values[1, :4], [math.nan, math.inf, -math.inf, -math.inf])
    kinds = {trace["name"]: trace for trace in figure(flawed, "activations_grid")["data"][1:-1]}
    cells = {name: int(np.isfinite(trace["z"]).sum()) for name, trace in kinds.items()}
    assert cells == {"not a number": 1, "+infinity": 1, "-infinity": 2}
    assert len({trace["colorscale"][0][1] for trace in kinds.values()}) == 3


def test_values_that_are_not_finite_are_counted_in_words(flawed: AppTest) -> None:
    counted = "1 of 256 values is not a number; 3 of 256 values are infinite."
    assert counted in read_page(flawed)
    assert counted in described(flawed, "activations_grid")


def test_a_flawed_channel_has_numbers_of_its_finite_values(flawed: AppTest) -> None:
    click(flawed, "activations_grid", 0)
    check_fine(flawed)
    values = tile(flawed, 0, (4, 8, 8)).astype(np.float64)
    finite = values[np.isfinite(values)]
    own = dict(zip(table(flawed)["Number"], table(flawed)["Channel"], strict=True))
    assert own["mean"] == f"{finite.mean():.4g}"
    assert own["maximum"] == f"{finite.max():.4g}"
    assert own["minimum"] == f"{finite.min():.4g}"
    assert "1 of 64 values is not a number; 3 of 64 values are infinite." in described(
        flawed, "activations_channel"
    )


@pytest.mark.parametrize("order", ["mean", "maximum", "variation", "active share"])
@pytest.mark.parametrize("value_range", ["shared", "own", "clipped"])
def test_a_channel_without_any_finite_value_comes_last_and_breaks_nothing(
    serve_toy: ServeToy, order: str, value_range: str
) -> None:
    serve_toy(CountedNet(EmptyChannel()))
    app = visit("activations", {"layers": "between", "sort": order, "range": value_range, "channel": "0"})
    check_fine(app)
    assert shown_channels(app)[-1] == 0
    assert "Channel 0 holds no usable value" in read_page(app)
    choose(app, "Over the picture", value=True)
    check_fine(app)


@pytest.mark.parametrize("overview", ["mean", "max", "PCA"])
def test_a_flawed_layer_has_an_overview(flawed: AppTest, overview: str) -> None:
    choose(flawed, "Over the picture", overview)
    check_fine(flawed)
    assert "activations_overview" in drawn(flawed)


def test_an_answer_that_is_no_number_is_not_made_into_a_prediction(flawed: AppTest) -> None:
    assert "The network gave no usable answer." in read_page(flawed)
    go_to(flawed, "samples")
    check_fine(flawed)
    (note,) = figure(flawed, "samples_top5")["layout"]["annotations"]
    assert "3 values that are not finite" in note["text"]
    choose(flawed, "Layers", ["fc"])
    go_to(flawed, "activations")
    check_fine(flawed)
    assert figure(flawed, "activations_grid")["data"][0]["text"] == ["not a number"] * 3
    go_to(flawed, "start")
    check_fine(flawed)


@pytest.mark.parametrize("page", ["start", "samples", "activations"])
def test_a_network_that_raises_is_named_with_its_reason(serve_toy: ServeToy, page: str) -> None:
    serve_toy(CountedNet(Fails()))
    app = visit(page, {"layers": "relu"})
    (message,) = said(app)
    assert message.startswith("cifar-resnet20 could not ")
    assert REASON in message
    assert "The network gave no answer." in read_page(app)


def test_the_tree_of_a_network_that_raises_says_why_it_is_not_there(serve_toy: ServeToy) -> None:
    serve_toy(CountedNet(Fails()))
    assert said(visit("layers")) == [f"cifar-resnet20 could not run: {REASON}"]


def test_layers_before_the_one_that_raises_can_still_be_looked_at(serve_toy: ServeToy) -> None:
    serve_toy(CountedNet(Fails()))
    app = visit("activations", {"layers": "conv"})
    check_fine(app)
    assert shown_channels(app) == [0, 1, 2, 3]


def test_a_layer_that_never_runs_says_so_beside_the_ones_that_do(serve_toy: ServeToy) -> None:
    serve_toy(CountedNet())
    app = visit("activations", {"layers": ["idle", "conv"]})
    assert said(app) == ["idle never runs for this picture."]
    assert shown_channels(app) == [0, 1, 2, 3]
    alone = visit("activations", {"layers": "idle"})
    assert said(alone) == ["idle never runs for this picture."]
    assert drawn(alone) == set()
    assert offered(alone) == []


def test_each_call_of_a_layer_can_be_chosen(serve_toy: ServeToy) -> None:
    serve_toy(CountedNet())
    app = visit("activations", {"layers": "relu"})
    assert widget(app, "Layer").options == ["relu#1", "relu#2"]
    assert len(shown_channels(app)) == 4
    choose(app, "Layer", "relu#2")
    (bars,) = figure(app, "activations_grid")["data"]
    assert (bars["type"], len(bars["x"])) == ("bar", 4)
    linked = visit("activations", {"layers": "relu#2"})
    check_fine(linked)
    np.testing.assert_array_equal(figure(linked, "activations_grid")["data"][0]["x"], bars["x"])
