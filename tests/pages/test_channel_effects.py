"""The page of a channel: what it is worth for the answer, by a pass that a plain hook changes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.pages.channel_page import CHANNEL, LAYER, cards, open_channel, settle
from tests.pages.truth import inputs, model, said_classes
from tests.pages.visit import (
    choose,
    figure,
)


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
