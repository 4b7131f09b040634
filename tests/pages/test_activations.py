"""Activations: true values in every tile, and the order, colours and ranges that a person asks for."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.truth import IMAGE, LAYERS, Maps, truth
from tests.pages.visit import (
    check_fine,
    choose,
    described,
    drawn,
    figure,
    offered,
    press,
    read_page,
    said,
    shown_channels,
    tile,
    turn_to,
    visit,
    widget,
)

SIGNED, RECTIFIED = "layer1.0.conv1", "layer3.2.relu2"
WITH_SILENT = "layer3.0.shortcut"  # pads with channels of zeros


def open_layer(layer: str, **link: str) -> AppTest:
    app = visit("activations", {"layers": layer, **link})
    check_fine(app)
    return app


def colour_ends(app: AppTest) -> tuple[float, float]:
    heatmap = figure(app, "activations_grid")["data"][0]
    return heatmap["zmin"], heatmap["zmax"]


@pytest.mark.parametrize("layer", ["conv1", "bn1", "relu", "layer2.0.add", RECTIFIED, "layer3.0.shortcut"])
@pytest.mark.parametrize("image", [IMAGE, "bundled-imagenet/3"])
def test_every_tile_holds_the_true_values_bit_for_bit(layer: str, image: str) -> None:
    app = open_layer(layer, image=image)
    maps = truth(layer, image)
    assert shown_channels(app) == list(range(len(maps)))
    for channel, values in enumerate(maps):
        cells = tile(app, channel, maps.shape)
        assert cells.dtype == np.float32
        assert cells.tobytes() == np.ascontiguousarray(values).tobytes()
        assert (tile(app, channel, maps.shape, values="customdata") == channel).all()


def test_hovering_tells_channel_row_column_and_value() -> None:
    drawing = figure(open_layer(SIGNED), "activations_grid")
    assert drawing["data"][0]["hovertemplate"] == (
        "channel %{customdata}<br>row %{y}, column %{x}<br><b>%{z:.5~g}</b><extra></extra>"
    )
    assert list(drawing["data"][-1]["text"]) == [str(channel) for channel in range(16)]


def test_the_chosen_layers_are_one_click_apart() -> None:
    app = visit("activations")
    assert widget(app, "Layer").options == LAYERS
    assert widget(app, "Layer").value == LAYERS[0]
    choose(app, "Layer", LAYERS[2])
    maps = truth(LAYERS[2])
    assert tile(app, 63, maps.shape).tobytes() == maps[63].tobytes()
    assert "layer3.0.conv1 Conv2d, 64 x 8 x 8." in read_page(app).replace("**", "")


ORDERS: dict[str, Callable[[Maps], npt.NDArray[np.float64]]] = {
    "number": lambda maps: -np.arange(len(maps), dtype=float),
    "mean": lambda maps: maps.mean((1, 2), dtype=np.float64),
    "maximum": lambda maps: maps.max((1, 2)).astype(np.float64),
    "variation": lambda maps: maps.std((1, 2), dtype=np.float64),
    "active share": lambda maps: (maps > 0).mean((1, 2)),
}


@pytest.mark.parametrize("order", ORDERS)
def test_channels_are_sorted_by_what_is_asked_for(order: str) -> None:
    app = open_layer(RECTIFIED)
    choose(app, "Sort by", order)
    ranked = np.argsort(-ORDERS[order](truth(RECTIFIED)), kind="stable")
    assert shown_channels(app) == ranked.tolist()


@pytest.mark.parametrize("order", ["mean", "maximum", "variation", "active share"])
def test_the_smallest_can_come_first(order: str) -> None:
    app = open_layer(RECTIFIED, sort=order)
    choose(app, "Largest first", value=False)
    ranked = np.argsort(ORDERS[order](truth(RECTIFIED)), kind="stable")
    assert shown_channels(app) == ranked.tolist()


def test_silent_channels_can_be_hidden() -> None:
    maps = truth(WITH_SILENT)
    answering = np.flatnonzero((maps != 0).any((1, 2))).tolist()
    assert 0 < len(answering) < len(maps)
    app = open_layer(WITH_SILENT)
    assert len(shown_channels(app)) == len(maps)
    choose(app, "Hide silent", value=True)
    assert shown_channels(app) == answering


def test_a_sentence_counts_the_silent_and_names_the_strongest_channel() -> None:
    maps = truth(WITH_SILENT)
    silent = int((maps == 0).all((1, 2)).sum())
    strongest = int(maps.max((1, 2)).argmax())
    app = open_layer(WITH_SILENT)
    sentence = f"{silent} of 64 channels are silent for this picture; channel {strongest} answers strongest"
    assert sentence in read_page(app)
    assert sentence in described(app, "activations_grid")


def test_a_note_explains_what_kind_of_layer_it_is() -> None:
    assert "Keeps positive answers and sets negative ones to zero" in read_page(open_layer(RECTIFIED))
    assert "Slides small filters over its input." in read_page(open_layer(SIGNED))


def test_auto_colours_are_centred_for_signed_layers_and_sequential_for_the_others() -> None:
    signed, rectified = open_layer(SIGNED), open_layer(RECTIFIED)
    reach = float(np.abs(truth(SIGNED)).max())
    assert colour_ends(signed) == pytest.approx((-reach, reach))
    assert colour_ends(rectified) == pytest.approx((0, float(truth(RECTIFIED).max())))
    ends = {
        app: figure(app, "activations_grid")["data"][0]["colorscale"][-1][1] for app in (signed, rectified)
    }
    assert ends == {signed: "#67001f", rectified: "#fee838"}  # RdBu and cividis


@pytest.mark.parametrize(
    ("colours", "first", "last"),
    [
        ("twilight", "#e2d9e2", "#e2d9e2"),
        ("viridis", "#440154", "#fde725"),
        ("cividis", "#00224e", "#fee838"),
        ("magma", "#010004", "#fcfdbf"),
        ("greys", "#000000", "#ffffff"),
        ("rdbu", "#053061", "#67001f"),
    ],
)
def test_a_chosen_scale_is_drawn_and_changes_no_value(colours: str, first: str, last: str) -> None:
    app = open_layer(SIGNED)
    choose(app, "Colours", colours)
    scale = figure(app, "activations_grid")["data"][0]["colorscale"]
    assert (scale[0][1], scale[-1][1]) == (first, last)
    maps = truth(SIGNED)
    assert tile(app, 3, maps.shape).tobytes() == maps[3].tobytes()


def test_an_own_range_stretches_each_channel_and_keeps_the_true_values_for_hovering() -> None:
    app = open_layer(RECTIFIED)
    choose(app, "Range", "own")
    maps = truth(RECTIFIED)
    assert colour_ends(app) == (0, 1)
    for channel in (0, 17, 63):
        values = maps[channel]
        assert tile(app, channel, maps.shape, values="customdata").tobytes() == values.tobytes()
        span = values.max() - values.min()
        stretched = (values - values.min()) / span if span else values * 0
        np.testing.assert_allclose(tile(app, channel, maps.shape), stretched, rtol=0, atol=1e-6)


def test_a_clipped_range_leaves_out_the_most_extreme_values_of_the_colours_only() -> None:
    app = open_layer(SIGNED)
    choose(app, "Range", "clipped")
    maps = truth(SIGNED)
    reach = float(np.percentile(np.abs(maps), 99))
    assert colour_ends(app) == pytest.approx((-reach, reach))
    assert max(tile(app, channel, maps.shape).max() for channel in range(16)) == maps.max()


def test_pages_hold_as_many_channels_as_asked_for_and_share_one_colour_range() -> None:
    app = open_layer("layer3.0.conv1")
    assert len(app.get("pagination")) == 0
    whole = colour_ends(app)
    choose(app, "Channels a page", 16)
    assert shown_channels(app) == list(range(16))
    turn_to(app, 3)
    assert shown_channels(app) == list(range(32, 48))
    assert colour_ends(app) == whole
    maps = truth("layer3.0.conv1")
    assert tile(app, 40, maps.shape).tobytes() == maps[40].tobytes()


def test_a_page_that_a_new_order_leaves_empty_goes_back_to_the_first() -> None:
    app = open_layer("layer3.0.conv1", tiles="16", grid_page="4")
    assert shown_channels(app) == list(range(48, 64))
    choose(app, "Channels a page", 32)
    check_fine(app)
    assert shown_channels(app) == list(range(32))


def test_sixty_four_channels_are_drawn_a_page_until_more_are_asked_for() -> None:
    link = {"model": "resnet18@random", "image": "bundled-imagenet/3"}
    app = open_layer("layer2.0.conv1", **link)
    assert shown_channels(app) == list(range(64))
    choose(app, "Channels a page", 512)
    maps = truth("layer2.0.conv1", "bundled-imagenet/3", "resnet18@random")
    assert shown_channels(app) == list(range(128))
    assert tile(app, 127, maps.shape).tobytes() == maps[127].tobytes()


def test_without_a_layer_the_page_offers_quick_picks() -> None:
    app = visit("activations")
    choose(app, "Layers", [])
    assert drawn(app) == set()
    assert offered(app) == ["No layer is chosen. Start with one of these, or pick your own."]
    press(app, "The article's two")
    assert app.query_params["layers"] == ["layer1.0.conv1", "layer3.0.conv1"]
    assert "activations_grid" in drawn(app)
    assert said(app) == []
