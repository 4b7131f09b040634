"""The start page: the whole story in one row, all of it true, with nothing to choose first."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.truth import IMAGE, LAYERS, MODEL, said_classes, truth
from tests.pages.visit import (
    as_read,
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    go_to,
    pictures,
    press,
    read_page,
    shown_channels,
    tile,
    visit,
)

STAGES = dict(zip(["Early", "Middle", "Late"], LAYERS, strict=True))


def test_a_first_visitor_finds_a_picture_a_network_and_a_layer_of_each_stage() -> None:
    app = visit()
    check_fine(app)
    assert app.query_params == {"model": MODEL, "image": IMAGE, "layers": LAYERS}
    assert drawn(app) == {"story_Early", "story_Middle", "story_Late", "story_prediction"}
    assert "The picture as the network sees it: cat" in pictures(app)
    assert f"The picture in hand: cat, {IMAGE}" in pictures(app)
    assert app.multiselect(key="chosen_layers").value == LAYERS
    assert app.selectbox(key="model_name").value == MODEL


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_shows_the_true_values_of_its_four_strongest_channels(stage: str) -> None:
    app = visit()
    maps = truth(STAGES[stage])
    strongest = np.argsort(-np.abs(maps).max((1, 2)), kind="stable")[:4].tolist()
    assert shown_channels(app, f"story_{stage}") == strongest
    for channel in strongest:
        values = tile(app, channel, maps.shape, f"story_{stage}")
        assert values.tobytes() == np.ascontiguousarray(maps[channel]).tobytes()
    reach = np.abs(maps).max((1, 2))
    strong = int((reach >= reach.max() / 2).sum())
    assert f"{strong} are strong." in read_page(app)
    assert described(app, f"story_{stage}") == f"The channels of {STAGES[stage]} that answer strongest"


def test_the_prediction_is_the_networks_three_most_probable_classes() -> None:
    app = visit()
    classes, shares = said_classes()
    (bars,) = figure(app, "story_prediction")["data"]
    assert list(bars["hovertext"]) == classes[:3]
    np.testing.assert_allclose(bars["x"], shares[:3], rtol=1e-5)
    assert f"Network says: **{classes[0]}**" in read_page(app)


def test_every_part_of_the_row_leads_somewhere() -> None:
    app = visit()
    leads = [as_read(link.proto.label) for link in app.get("page_link")]
    assert {"All pictures", "Why cat?"} <= {*leads}
    for stage in STAGES:
        click(app, f"story_{stage}", shown_channels(app, f"story_{stage}")[0])
        assert app.title[0].value == "Activations"
        go_to(app, "start")


def test_looking_closer_opens_that_layer_on_activations() -> None:
    app = visit()
    press(app, "Look closer", nth=2)
    check_fine(app)
    maps = truth(LAYERS[2])
    assert app.title[0].value == "Activations"
    assert app.query_params["activations_layer"] == LAYERS[2]
    assert tile(app, 9, maps.shape).tobytes() == maps[9].tobytes()


def stages(app: AppTest) -> list[str]:
    """The layers of the row, with where in the network they are said to lie."""
    found = re.findall(r"\*\*(Early|Middle|Late)\*\* (\S+)", read_page(app))
    return [f"{part} {layer}" for part, layer in found]


def test_the_row_has_the_layers_of_the_sidebar_in_the_order_of_the_network() -> None:
    app = visit("start", {"layers": ["layer3.2.relu2", "conv1"]})
    check_fine(app)
    assert stages(app) == ["Early conv1", "Late layer3.2.relu2"]
    choose(app, "Layers", ["layer1.0.relu1", "layer1.0.conv1", "layer3.2.relu2"])
    assert stages(app) == ["Early layer1.0.conv1", "Early layer1.0.relu1", "Late layer3.2.relu2"]
    maps = truth("layer1.0.relu1")
    assert described(app, "story_Early 2") == "The channels of layer1.0.relu1 that answer strongest"
    assert shown_channels(app, "story_Early 2") == np.argsort(-maps.max((1, 2)), kind="stable")[:4].tolist()


def test_of_many_layers_in_hand_three_are_told_and_that_is_said() -> None:
    many = ["conv1", "layer1.0.conv1", "layer2.0.conv1", "layer3.0.conv1", "fc"]
    app = visit("start", {"layers": many})
    check_fine(app)
    assert stages(app) == ["Early conv1", "Middle layer2.0.conv1", "Late fc"]
    assert "3 of the 5 layers in hand: the first, one in the middle and the last." in read_page(app)


def test_without_a_layer_in_hand_the_row_tells_of_the_networks_stages() -> None:
    app = visit()
    choose(app, "Layers", [])
    assert stages(app) == [f"{part} {layer}" for part, layer in STAGES.items()]
    assert "No layer is chosen, so these are some of the network's own stages." in read_page(app)


def test_looking_closer_at_a_layer_that_is_not_chosen_adds_it() -> None:
    app = visit()
    choose(app, "Layers", [])
    press(app, "Look closer", nth=0)
    check_fine(app)
    assert app.title[0].value == "Activations"
    assert app.query_params["layers"] == LAYERS[0]
    assert shown_channels(app) == list(range(16))


def test_looking_closer_wins_over_the_layer_that_was_looked_at_before() -> None:
    app = visit()
    for nth, layer in ((2, LAYERS[2]), (0, LAYERS[0]), (1, LAYERS[1])):
        press(app, "Look closer", nth=nth)
        check_fine(app)
        assert shown_channels(app) == list(range(len(truth(layer))))
        go_to(app, "start")


def test_another_picture_is_one_click_away_and_the_whole_row_follows() -> None:
    app = visit()
    offered = [as_read(button.label) for button in app.button if str(button.key).startswith("other_")]
    assert offered == ["ship", "ship", "airplane", "frog", "frog", "automobile"]
    press(app, "airplane")
    check_fine(app)
    assert app.query_params["image"] == "bundled-cifar10/3"
    maps = truth(LAYERS[0], "bundled-cifar10/3")
    strongest = shown_channels(app, "story_Early")
    assert strongest == np.argsort(-np.abs(maps).max((1, 2)), kind="stable")[:4].tolist()
    assert tile(app, strongest[0], maps.shape, "story_Early").tobytes() == maps[strongest[0]].tobytes()
    assert f"Network says: **{said_classes('bundled-cifar10/3')[0][0]}**" in read_page(app)


def test_the_last_pictures_are_followed_by_the_first() -> None:
    app = visit("start", {"image": "bundled-cifar10/18"})
    keys = [str(button.key) for button in app.button if str(button.key).startswith("other_")]
    assert keys == [f"other_{index}" for index in (19, 0, 1, 2, 3, 4)]


def test_a_network_with_four_stages_shows_the_first_a_middle_and_the_last() -> None:
    app = visit("start", {"model": "resnet18@random", "image": "bundled-imagenet/3"})
    check_fine(app)
    told = ["layer1.0.conv1", "layer3.0.conv1", "layer4.0.conv1"]
    assert [described(app, f"story_{stage}") for stage in STAGES] == [
        f"The channels of {layer} that answer strongest" for layer in told
    ]


def test_what_was_chosen_stays_on_every_page() -> None:
    app = visit("start", {"image": "bundled-cifar10/5", "layers": "conv1"})
    for page in ("samples", "layers", "activations", "about", "start"):
        go_to(app, page)
        check_fine(app)
        assert app.query_params == {"model": MODEL, "image": "bundled-cifar10/5", "layers": "conv1"}
