"""Compare: boards that one click makes, panels that come and go, and what is said where nothing can be."""

from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torchvision.models import VisionTransformer

from tests.pages.truth import IMAGE, MODEL, truth
from tests.pages.visit import (
    as_read,
    check_fine,
    check_sound,
    choose,
    click,
    described,
    drawn,
    figure,
    go_to,
    offered,
    press,
    read_page,
    said,
    table,
    visit,
    widget,
)

LAYER = "layer1.0.conv1"
ROOT = f"{MODEL},{IMAGE}"
PAIR = [f"{ROOT},{LAYER}", f"{MODEL}@random,{IMAGE},{LAYER}"]
BOARD = {"layers": [LAYER], "panel": PAIR}


def names(app: AppTest) -> list[str]:
    """What stands above the panels."""
    return [trace["name"] for trace in heatmaps(app)]


def heatmaps(app: AppTest) -> list[dict[str, Any]]:
    """The board's panels as they are drawn, without the marks of cells that are not finite."""
    return [trace for trace in figure(app, "compare_board")["data"] if trace.get("name", " ")[0].isdigit()]


def panels(app: AppTest) -> list[str]:
    """The panels of the link."""
    link: list[str] | str = app.query_params["panel"]
    return list(link)


def open_popover(app: AppTest, key: str) -> None:
    """Open what is only made while it is open."""
    app.session_state[key] = True
    app.run()
    check_sound(app)


PRESETS = {
    "These layers": ["1 layer1.0.conv1", "2 layer2.0.conv1", "3 layer3.0.conv1"],
    "These pictures": [
        f"{n + 1} {label} (bundled-cifar10/{n})"
        for n, label in enumerate(("cat", "ship", "ship", "airplane"))
    ],
    "Trained and untrained": ["1 random", "2 final"],
    "While it learned": ["1 random", "2 epoch 1", "3 epoch 5", "4 final"],
    "Mirror image": ["1 original", "2 mirror"],
    "Compare with noise": ["1 original", "2 noise-0.1"],
}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_makes_a_board_whose_link_shows_the_same(preset: str) -> None:
    app = visit("compare")
    press(app, preset)
    check_fine(app)
    assert [name.split("~")[0] for name in names(app)] == PRESETS[preset]
    other = visit("compare", dict(app.query_params))
    check_fine(other)
    assert dict(other.query_params) == dict(app.query_params)
    for ours, theirs in zip(heatmaps(app), heatmaps(other), strict=True):
        np.testing.assert_array_equal(ours["z"], theirs["z"])
        assert (ours["zmin"], ours["zmax"]) == (theirs["zmin"], theirs["zmax"])


def test_weights_start_with_a_range_each_and_pictures_with_one_for_all() -> None:
    app = visit("compare")
    for preset, own in (("While it learned", True), ("These pictures", False)):
        press(app, preset)
        assert widget(app, "Own range").value is own
        assert ("own_range" in app.query_params) is own
        assert len({trace["zmax"] for trace in heatmaps(app)}) == (4 if own else 1)


def test_pictures_of_the_tray_come_before_the_next_ones() -> None:
    app = visit("samples")
    for index in (5, 2):
        choose(app, "Go to index", index)
        press(app, "Keep in tray")
    go_to(app, "compare")
    press(app, "These pictures")
    assert names(app) == ["1 frog (bundled-cifar10/5)", "2 ship (bundled-cifar10/2)"]


def test_a_panel_is_changed() -> None:
    app = visit("compare", BOARD)
    open_popover(app, "change_1")
    app.selectbox(key="panel_1_model_key").set_value(f"{MODEL}@epoch-1").run()
    check_fine(app)
    assert panels(app) == [f"{ROOT},{LAYER}", f"{MODEL}@epoch-1,{IMAGE},{LAYER}"]
    assert names(app) == ["1 final", "2 epoch 1"]


def test_a_panel_is_added_up_to_six_and_removed_down_to_two() -> None:
    app = visit("compare", BOARD)
    for count, layer in enumerate(("conv1", "bn1", "layer2", "layer3"), 3):
        open_popover(app, "add_panel")
        choose(app, "Layer", layer)
        assert len(heatmaps(app)) == len(panels(app)) == count
        assert panels(app)[-1].endswith(f",{layer}")
    assert "Add a panel" not in [getattr(block.proto.popover, "label", "") for block in app.get("popover")]
    for count in (5, 4, 3, 2):
        press(app, "Remove")
        assert len(heatmaps(app)) == len(panels(app)) == count
    assert [panel.rsplit(",", 1)[1] for panel in panels(app)] == ["layer2", "layer3"]
    assert all(button.disabled for button in app.button if button.label == "Remove")


def test_a_panel_that_is_gone_says_so_and_the_others_stay() -> None:
    gone = [f"{MODEL},bundled-cifar10/99,{LAYER}", f"{ROOT},layer9", f"{MODEL}@epoch-7,{IMAGE},{LAYER}"]
    app = visit("compare", BOARD | {"panel": [*PAIR, *gone]})
    messages = said(app)
    assert len(messages) == 3
    for message, words in zip(messages, ("no picture 99", "'layer9' is not a layer", "epoch-7"), strict=True):
        assert words in message
    assert len(heatmaps(app)) == 2
    assert panels(app) == [*PAIR, *gone]


def test_a_panel_that_cannot_be_read_and_a_seventh_are_said() -> None:
    app = visit("compare", BOARD | {"panel": ["cat", *PAIR * 3]})
    first, second = said(app)
    assert first.startswith("'cat' is no panel. A panel is written as model,image,call")
    assert second == "The link names 7 panels; the board shows the first 6."
    assert len(heatmaps(app)) == 5


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("layer2.0.conv1", "Choose the same layer in both panels, or look at their summaries"),
        ("fc", "Choose the same layer in both panels, or look at their summaries"),
    ],
)
def test_a_difference_that_makes_no_sense_says_why_and_what_would(call: str, why: str) -> None:
    app = visit("compare", BOARD | {"panel": [f"{ROOT},{LAYER}", f"{ROOT},{call}", f"{ROOT},conv1"]})
    (hint,) = offered(app)
    assert why in hint
    assert "compare_difference" not in drawn(app)
    choose(app, "and panel", "3")
    assert offered(app) == []
    assert "compare_difference" in drawn(app)


def test_the_difference_is_that_of_the_true_maps() -> None:
    app = visit("compare", BOARD | {"show": "one channel", "board_channel": "5"})
    one, other = truth(LAYER), truth(LAYER, IMAGE, f"{MODEL}@random")
    shown = figure(app, "compare_difference")["data"][0]["z"]
    np.testing.assert_allclose(shown, one[5] - other[5], rtol=1e-5, atol=1e-6)
    row = table(app).set_index("Channel").loc[5]
    ratio = np.linalg.norm(one[5] - other[5]) / np.linalg.norm(other[5])
    assert row["Relative L2"] == pytest.approx(ratio, rel=1e-5)


def test_a_mirror_image_is_flipped_back_before_it_is_compared() -> None:
    mirror = f"{IMAGE}~mirror"
    app = visit("compare", {"panel": [f"{ROOT},{LAYER}", f"{MODEL},{mirror},{LAYER}"]})
    check_fine(app)
    assert "The maps of panel 2, a mirror image, are flipped back" in read_page(app)
    expected = truth(LAYER)[5] - truth(LAYER, mirror)[5][:, ::-1]
    click(app, "compare_board", 5)
    shown = figure(app, "compare_difference")["data"][0]["z"]
    np.testing.assert_allclose(shown, expected, rtol=1e-5, atol=1e-6)


def test_a_click_on_a_title_shows_that_channel_in_every_panel() -> None:
    app = visit("compare", BOARD)
    click(app, "compare_board", 7)
    for trace, weights in zip(heatmaps(app), (MODEL, f"{MODEL}@random"), strict=True):
        np.testing.assert_allclose(trace["z"], truth(LAYER, IMAGE, weights)[7], rtol=1e-5, atol=1e-6)
    assert app.query_params["board_channel"] == "7"


def test_panels_with_the_same_answer_share_its_bars() -> None:
    app = visit("compare")
    assert len(figure(app, "compare_predictions")["data"]) == 1
    assert figure(app, "compare_predictions")["layout"]["annotations"][0]["text"] == "all panels"
    assert described(app, "compare_board").startswith("3 panels")


def test_tokens_say_how_they_are_read(serve_toy: Any) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        serve_toy(VisionTransformer(8, 2, 1, 2, 8, 8, num_classes=3).eval())
    block = "encoder.layers.encoder_layer_0"
    app = visit("compare", {"layers": [block, "conv_proj"]})
    check_fine(app)
    told = [line for line in read_page(app).splitlines() if line.startswith("Read as")]
    assert len(told) == 1
    assert told[0].startswith("Read as 4 x 4 patches plus a class token")


def test_a_board_of_one_panel_says_how_to_go_on() -> None:
    app = visit("compare", {"layers": LAYER})
    assert [as_read(hint) for hint in offered(app)] == [
        "A board has at least two panels. Choose a preset, or more layers."
    ]
