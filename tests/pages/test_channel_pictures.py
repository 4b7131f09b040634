"""The page of a channel: the pictures that excite it, and those made for it."""

from threading import Event
from typing import Any

import numpy as np
import pytest

from actviz_core.channels import Objective, visualize_channel
from actviz_core.samples import open_source
from actviz_core.ui.channel import made
from tests.pages.channel_page import CHANNEL, LAYER, SECONDS, cards, open_channel, settle
from tests.pages.truth import MODEL, model, truth
from tests.pages.visit import (
    choose,
    click,
    figure,
    press,
    visit,
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
