"""The page of a channel: where it looks, what it computes with, its twins, with plain torch and numpy."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from actviz_core.ui.channel import made, worth
from tests.pages.channel_page import CHANNEL, LAYER, cards, open_channel, settle
from tests.pages.truth import inputs, model, truth
from tests.pages.visit import (
    check_fine,
    click,
    figure,
    press,
    shown_channels,
    tile,
)


def parameter(name: str) -> Tensor:
    """A parameter or buffer of the bundled network."""
    return model().module.state_dict()[name]


def test_the_map_is_the_channels_own_and_the_strongest_is_shown_where_none_is_named() -> None:
    app = open_channel(LAYER, CHANNEL)
    check_fine(app)
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == truth(LAYER)[CHANNEL].tobytes()
    app = open_channel(LAYER)
    strongest = int(np.abs(truth(LAYER)).max((1, 2)).argmax())
    assert app.selectbox(key="channel_number").value == strongest
    assert app.query_params["channel"] == str(strongest)


@pytest.mark.parametrize("place", [None, "4,5"])
def test_the_box_is_what_nan_reaches_and_the_colours_are_the_gradient(place: str | None) -> None:
    app = open_channel(LAYER, CHANNEL, **({} if place is None else {"place": place}))
    own = truth(LAYER)[CHANNEL]
    row, column = map(int, place.split(",")) if place else np.unravel_index(own.argmax(), own.shape)
    module = model().module
    kept: list[Tensor] = []
    handle = module.get_submodule(LAYER).register_forward_hook(lambda _m, _a, output: kept.append(output))
    try:
        x = inputs().requires_grad_()
        module(x)
        kept[0][0, CHANNEL, row, column].backward()
        noise = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
        reached = np.zeros((2, 32), bool)
        for axis in range(2):
            for at in range(32):
                spoilt = noise.clone()
                spoilt.select(2 + axis, at).fill_(torch.nan)
                with torch.no_grad():
                    module(spoilt)
                reached[axis, at] = bool(kept[-1][0, CHANNEL, row, column].isnan())
    finally:
        handle.remove()
    (top, bottom), (left, right) = (
        (int(np.flatnonzero(side)[0]), int(np.flatnonzero(side)[-1]) + 1) for side in reached
    )
    drawing = figure(app, "channel_looks")
    (frame,) = drawing["layout"]["shapes"]
    assert (frame["y0"], frame["y1"], frame["x0"], frame["x1"]) == (
        top - 0.5,
        bottom - 0.5,
        left - 0.5,
        right - 0.5,
    )
    assert x.grad is not None
    size = x.grad[0].double().abs().sum(0).numpy()
    shares = size / size.sum()
    np.testing.assert_allclose(drawing["data"][0]["z"], shares, rtol=1e-4, atol=1e-9)
    half = int((np.cumsum(np.sort(shares.ravel())[::-1]) < 0.5).sum()) + 1
    told = cards(app)["looks"]
    assert told[0] == (
        f"This cell can depend on {bottom - top} x {right - left} of the picture's 32 x 32 pixels, and on no "
        f"other. {half} pixels make up half of what would change its value now."
    )
    which = "chosen" if place else "highest"
    assert f"The {which} cell, row {row}, column {column}: {own[row, column]:.4g}." in told[1]


def test_a_click_on_the_map_chooses_the_cell() -> None:
    app = open_channel(LAYER, CHANNEL)
    click(app, "channel_map", CHANNEL, (2, 3))
    settle(app)
    assert app.query_params["place"] == "2,3"
    assert "The chosen cell, row 2, column 3: " in cards(app)["looks"][1]
    press(app, "Back to the highest cell")
    settle(app)
    assert "place" not in app.query_params
    assert "The highest cell" in cards(app)["looks"][1]


def test_a_layer_that_looks_at_everything_says_so() -> None:
    told = cards(open_channel("avgpool", 3))["looks"][0]
    assert told.startswith("Every cell of this layer can depend on every part of the picture.")


def test_kernels_are_the_layers_own_the_largest_first() -> None:
    app = open_channel(LAYER, CHANNEL)
    weight = parameter(f"{LAYER}.weight")[CHANNEL].numpy()
    order = np.argsort(-np.sqrt((weight.astype(np.float64) ** 2).sum((1, 2))), kind="stable")
    assert shown_channels(app, "channel_kernels") == order.tolist()
    for channel in range(16):
        np.testing.assert_array_equal(tile(app, channel, (3, 3), "channel_kernels"), weight[channel])
    assert cards(app)["computes"][0] == (
        "It has a kernel of 3 x 3 for each of 16 input channels. "
        f"Channels {order[0]}, {order[1]} and {order[2]} enter with the largest weights."
    )


def test_an_input_channel_is_a_click_away() -> None:
    app = open_channel(LAYER, CHANNEL)
    click(app, "channel_kernels", 5)
    settle(app)
    check_fine(app)
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == truth("layer1")[5].tobytes()


def test_what_has_no_weights_of_its_own_says_so() -> None:
    assert cards(open_channel("layer2.0.relu1", 3))["computes"] == [
        "ReLU has no weights: it computes the same whatever was learned."
    ]
    told = cards(open_channel("layer2.0", 3))["computes"]
    assert told == ["BasicBlock has its weights in the layers inside it."]


def test_a_norm_says_what_it_multiplies_with_and_adds() -> None:
    scale, shift = float(parameter("bn1.weight")[5]), float(parameter("bn1.bias")[5])
    applied = scale / np.sqrt(float(parameter("bn1.running_var")[5]) + 1e-5)
    added = shift - applied * float(parameter("bn1.running_mean")[5])
    told = cards(open_channel("bn1", 5))["computes"][0]
    assert f"multiplies by {scale:.4g} and adds {shift:.4g}." in told
    assert f"that is {applied:.4g} times its input plus {added:.4g}." in told


def test_twins_have_the_largest_correlation() -> None:
    app = open_channel(LAYER, CHANNEL)
    flat = truth(LAYER).reshape(32, -1).astype(np.float64)
    correlations = np.atleast_2d(np.corrcoef(flat))[CHANNEL]
    order = [int(at) for at in np.argsort(-correlations) if at != CHANNEL]
    assert shown_channels(app, "channel_twins") == [CHANNEL, *order[:5]]
    assert cards(app)["twins"][0] == (
        f"No channel does the same. Channel {order[0]} comes closest, with a correlation of "
        f"{correlations[order[0]]:.2f}."
    )
    click(app, "channel_twins", order[1])
    settle(app)
    assert app.query_params["channel"] == str(order[1])


def test_what_is_slow_says_how_long_it_takes_and_waits_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "SLOW", -1.0)
    monkeypatch.setattr(made, "SLOW", -1.0)
    app = open_channel("layer3.1.conv1", 11)
    told = cards(app)
    assert re.fullmatch(
        r"A picture that would excite this channel more can be looked for: about \d+ s\.", told["made"][0]
    )
    assert not [line for line in told["worth"] if line.startswith("By how far")]
    (ask,) = [button.label for button in app.button if button.label.startswith("Compare with all ")]
    assert re.fullmatch(r"Compare with all 64 channels, about \d+ s", ask)
    press(app, ask)
    settle(app)
    assert [line for line in cards(app)["worth"] if line.startswith("By how far")]
    press(app, "Look for it")
    settle(app)
    assert cards(app)["made"][0].startswith("On a picture made for it the channel's mean is ")
