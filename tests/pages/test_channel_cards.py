"""The page of a channel: each card's sentence and figure, recomputed with plain torch and numpy."""

import re
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from actviz_core.channels import Objective, visualize_channel
from actviz_core.samples import open_sample, open_source
from actviz_core.ui.channel import made, worth
from tests.pages.channel_page import SECONDS, cards, open_channel, settle
from tests.pages.truth import IMAGE, MODEL, model, said_classes, truth
from tests.pages.visit import (
    check_fine,
    choose,
    click,
    figure,
    press,
    shown_channels,
    tile,
    visit,
)

LAYER, CHANNEL = "layer2.0.conv1", 7


def parameter(name: str) -> Tensor:
    """A parameter or buffer of the bundled network."""
    return model().module.state_dict()[name]


def inputs() -> Tensor:
    return model().preprocess(open_sample(IMAGE).image)


def changed(change: str, factor: float = 1.0) -> np.typing.NDArray[np.float64]:
    """Probabilities of all classes, with the channel changed by a hook."""

    def hook(_module: object, _args: object, output: Tensor) -> Tensor:
        output = output.clone()
        part = output[:, CHANNEL]
        output[:, CHANNEL] = {"off": 0 * part, "mean": part.mean().expand_as(part), "scaled": factor * part}[
            change
        ]
        return output

    handle = model().module.get_submodule(LAYER).register_forward_hook(hook)
    try:
        with torch.no_grad():
            shares: np.typing.NDArray[np.float64] = model().module(inputs())[0].double().softmax(0).numpy()
    finally:
        handle.remove()
    return shares


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


@pytest.mark.parametrize(
    ("choice", "factor", "words"),
    [
        ("switched off", None, f"Without channel {CHANNEL}, "),
        ("made even", None, f"With its mean everywhere in place of channel {CHANNEL}, "),
        ("scaled", 3.0, f"With 3 times channel {CHANNEL}, "),
    ],
)
def test_bars_and_sentence_are_those_of_a_pass_changed_by_hand(
    choice: str, factor: float | None, words: str
) -> None:
    app = open_channel(LAYER, CHANNEL)
    if choice != "switched off":
        choose(app, "Change the channel: it is", choice)
        settle(app)
    if factor is not None:
        choose(app, "Factor", factor)
        settle(app)
    shares = changed({"switched off": "off", "made even": "mean", "scaled": "scaled"}[choice], factor or 1)
    names, before = said_classes()
    first, second = figure(app, "channel_worth")["data"]
    assert list(first["customdata"]) == names[:5]
    np.testing.assert_allclose(first["x"], before[:5], rtol=1e-9)
    np.testing.assert_allclose(
        second["x"], [shares[model().classes.index(name)] for name in names[:5]], rtol=1e-6
    )
    told = cards(app)["worth"][0]
    assert told.startswith(words)
    now = shares[model().classes.index(names[0])]
    assert f"{names[0]} {'falls' if now < before[0] else 'rises'} " in told
    assert f"from {100 * before[0]:.3g} %" in told


def test_the_place_among_all_channels_is_by_how_far_the_answer_falls() -> None:
    app = open_channel("fc", 3)
    with torch.no_grad():
        logits = model().module(inputs())[0].double()
    falls = []
    for index in range(10):
        off = logits.clone()
        off[index] = 0
        falls.append(float(logits.softmax(0)[3] - off.softmax(0)[3]))
    assert int(np.argmax(falls)) == 3
    assert "By how far cat falls without it, it is first of 10 channels." in cards(app)["worth"]
    second = int(np.argsort(falls)[-2])
    assert (
        "By how far cat falls without it, it is second of 10 channels. The first is channel 3, without which "
        f"cat falls by {100 * falls[3]:.2g} percentage points." in cards(open_channel("fc", second))["worth"]
    )


def test_nine_pictures_excite_it_most_and_nine_least() -> None:
    app = open_channel(LAYER, CHANNEL)
    largest = np.array([truth(LAYER, f"bundled-cifar10/{at}")[CHANNEL].max() for at in range(20)])
    order = np.argsort(-largest)
    labels = [open_source("bundled-cifar10").label(at) for at in range(20)]
    sheet = figure(app, "channel_excites")["data"][-1]
    assert list(sheet["customdata"]) == [f"bundled-cifar10/{at}" for at in order[:9]]
    assert list(sheet["text"]) == [f"{labels[at]} {largest[at]:.4g}" for at in order[:9]]
    assert cards(app)["excites"][0] == (
        f"Of 20 pictures, bundled-cifar10/{order[0]} ({labels[order[0]]}) excites it most: "
        f"{largest[order[0]]:.4g}. The picture in hand reaches {largest[0]:.4g}, "
        f"more than {100 * (largest < largest[0]).mean():.0f} % of them."
    )
    means = {name: float(np.mean([largest[at] for at in range(20) if labels[at] == name])) for name in labels}
    best = sorted(means, key=lambda name: -means[name])
    bars = figure(app, "channel_classes")["data"][0]
    assert list(bars["hovertext"]) == best
    np.testing.assert_allclose(bars["x"], [means[name] for name in best], rtol=1e-6)
    choose(app, "The lowest instead", value=True)
    settle(app)
    assert list(figure(app, "channel_excites")["data"][-1]["customdata"]) == [
        f"bundled-cifar10/{at}" for at in order[::-1][:9]
    ]


def test_a_picture_of_the_sheet_is_opened_by_a_click() -> None:
    app = open_channel(LAYER, CHANNEL)
    click(app, "channel_excites", "bundled-cifar10/13")
    settle(app)
    assert app.query_params["image"] == "bundled-cifar10/13"
    other = truth(LAYER, "bundled-cifar10/13")[CHANNEL]
    assert figure(app, "channel_map")["data"][0]["z"].tobytes() == other.tobytes()
    assert "That is the picture in hand." in cards(app)["excites"][0]


def test_a_picture_is_made_and_compared_with_real_ones() -> None:
    app = open_channel("layer3.0.conv1", 4)
    found = visualize_channel(model().module, "layer3.0.conv1", 4, model().preprocess, seed=0)
    real = max(
        float(truth("layer3.0.conv1", f"bundled-cifar10/{at}")[4].mean(dtype=np.float64)) for at in range(20)
    )
    told = cards(app)["made"]
    assert told[0].startswith(
        f"On a picture made for it the channel's mean is {found.value:.4g}; the most that one of 20 real "
        f"pictures reaches is {real:.4g}."
    )
    assert found.value > real
    press(app, "Again with another seed")
    settle(app)
    assert app.query_params["seed"] == "1"
    assert "seed 1" in cards(app)["made"][1]


def test_a_picture_can_be_made_for_the_centre_cell() -> None:
    layer, channel = "layer3.0.conv1", 4
    app = open_channel(layer, channel, objective="its centre cell")
    found = visualize_channel(
        model().module, layer, channel, model().preprocess, objective=Objective.CENTRE, seed=0
    )
    real = max(float(truth(layer, f"bundled-cifar10/{at}")[channel].max()) for at in range(20))
    assert cards(app)["made"][0].startswith(
        f"On a picture made for it the channel's centre cell is {found.value:.4g}; the most that one of 20 "
        f"real pictures reaches in any cell is {real:.4g}."
    )


def test_a_search_that_was_cancelled_begins_again_only_if_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Event] = []

    def never_done(*asked: Any, stop: Event | None = None, **more: Any) -> Any:
        if stop is None:  # the trial that tells how long it will take
            return visualize_channel(*asked, **more)
        begun.append(stop)
        assert stop.wait(SECONDS)
        return visualize_channel(*asked, **{**more, "steps": 0})

    monkeypatch.setattr(made, "visualize_channel", never_done)
    monkeypatch.setattr(made, "SLOW", 1e9)
    app = visit("channel", {"layers": "layer3.2.conv1", "channel": "9"})
    for _ in range(200):  # until the trial is done and the search has begun
        if any(button.label == "Cancel" for button in app.button):
            break
        app.run()
    press(app, "Cancel")
    settle(app)
    assert cards(app)["made"][0] == "The search was stopped before it was done."
    app.run()
    assert cards(app)["made"][0] == "The search was stopped before it was done."
    assert len(begun) == 1
    monkeypatch.setattr(made, "visualize_channel", visualize_channel)
    press(app, "Look for it")
    settle(app)
    assert cards(app)["made"][0].startswith("On a picture made for it the channel's mean is ")


def test_an_untrained_network_has_nothing_to_see_yet() -> None:
    app = open_channel(LAYER, CHANNEL, model=f"{MODEL}@random")
    assert cards(app)["made"][0].startswith("There is nothing to see yet: the network's weights are random")


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
