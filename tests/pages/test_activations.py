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
WITH_FAINT = "layer3.1.conv1"  # two channels hardly leave zero


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
    "active share": lambda maps: (maps > np.float32(0.01) * maps.max()).mean((1, 2)),
    "strength": lambda maps: np.abs(maps).max((1, 2)).astype(np.float64),
}


@pytest.mark.parametrize("order", ORDERS)
def test_channels_are_sorted_by_what_is_asked_for(order: str) -> None:
    app = open_layer(RECTIFIED)
    choose(app, "Sort by", order)
    ranked = np.argsort(-ORDERS[order](truth(RECTIFIED)), kind="stable")
    assert shown_channels(app) == ranked.tolist()


@pytest.mark.parametrize("order", ["strength", "mean", "maximum", "variation", "active share"])
def test_the_smallest_can_come_first(order: str) -> None:
    app = open_layer(RECTIFIED, sort=order)
    choose(app, "Largest first", value=False)
    ranked = np.argsort(ORDERS[order](truth(RECTIFIED)), kind="stable")
    assert shown_channels(app) == ranked.tolist()


def words_of(maps: Maps) -> list[str]:
    """How strong each channel is, counted here: by its largest distance from zero, and the layer's."""
    reach = np.abs(maps).max((1, 2)) / np.abs(maps).max()
    return [
        "silent" if not own else "nearly silent" if own <= 0.01 else "weak" if own < 0.5 else "strong"
        for own in reach
    ]


def having(maps: Maps, *words: str) -> list[int]:
    return [channel for channel, word in enumerate(words_of(maps)) if word in words]


SHOWN = {
    "strong": ("strong",),
    "weak": ("weak",),
    "nearly silent": ("nearly silent",),
    "silent": ("silent",),
    "silent or nearly silent": ("silent", "nearly silent"),
    "not silent": ("nearly silent", "weak", "strong"),
}


@pytest.mark.parametrize("layer", [WITH_SILENT, WITH_FAINT])
@pytest.mark.parametrize("shown", SHOWN)
def test_only_channels_of_one_strength_are_shown_where_that_is_asked_for(layer: str, shown: str) -> None:
    maps = truth(layer)
    app = open_layer(layer)
    assert len(shown_channels(app)) == len(maps)
    choose(app, "Show", shown)
    expected = having(maps, *SHOWN[shown])
    if expected:
        assert shown_channels(app) == expected
        return
    assert offered(app) == [f"No channel of this layer is {shown} for this picture."]
    press(app, "Show all channels")
    assert len(shown_channels(app)) == len(maps)


def test_layers_with_silent_and_with_nearly_silent_channels_are_tried() -> None:
    assert having(truth(WITH_SILENT), "silent")
    assert having(truth(WITH_FAINT), "nearly silent")


def test_links_from_when_there_was_a_switch_for_silent_channels_still_hide_them() -> None:
    app = open_layer(WITH_SILENT, hide_silent="true")
    assert shown_channels(app) == having(truth(WITH_SILENT), "weak", "strong", "nearly silent")
    assert widget(app, "Show").value == "not silent"
    choose(app, "Show", "all")
    assert len(shown_channels(app)) == 64
    assert len(shown_channels(open_layer(WITH_SILENT, hide_silent="false"))) == 64


@pytest.mark.parametrize("layer", [WITH_SILENT, WITH_FAINT])
def test_a_sentence_names_the_quiet_channels_and_the_one_that_goes_furthest_from_zero(layer: str) -> None:
    maps = truth(layer)
    silent, faint = having(maps, "silent"), having(maps, "nearly silent")
    strongest = int(np.abs(maps).max((1, 2)).argmax())
    app = open_layer(layer)
    for text in (read_page(app), described(app, "activations_grid").replace("\xa0", " ")):
        for channels, word in ((silent, "silent"), (faint, "nearly silent")):
            some = channels if len(channels) <= 10 else channels[:8]
            if channels:
                assert f" {word}: {', '.join(map(str, some))}" in text
        if len(silent) > 10:
            assert f" and {len(silent) - 8} more; " in text
        weak, strong = len(having(maps, "weak")), len(having(maps, "strong"))
        assert f"{weak} are weak, {strong} {'is' if strong == 1 else 'are'} strong" in text
        assert f"channel {strongest} answers strongest" in text


def test_sorted_by_number_largest_first_is_off() -> None:
    app = open_layer(RECTIFIED)
    assert widget(app, "Largest first").value is False
    assert widget(app, "Largest first").disabled
    choose(app, "Sort by", "mean")
    assert widget(app, "Largest first").value is True
    assert not widget(app, "Largest first").disabled


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
