"""Compare follows the sidebar unless a panel is pinned, and says once what all panels share."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_compare import LAYER, heatmaps, names, open_popover, panels
from tests.pages.truth import IMAGE, MODEL, truth
from tests.pages.visit import (
    check_fine,
    choose,
    drawn,
    go_to,
    press,
    read_page,
    said,
    visit,
    widget,
)

OTHER = "bundled-cifar10/3"
FOLLOWING = {"panel": [f",,{LAYER}", ",,layer2.0.conv1"], "show": "one channel", "board_channel": "5"}


def holds(app: AppTest, *panels: tuple[str, str, str]) -> None:
    """Every panel shows channel 5 of its network, picture and layer."""
    for trace, (key, image_id, layer) in zip(heatmaps(app), panels, strict=True):
        np.testing.assert_allclose(trace["z"], truth(layer, image_id, key)[5], rtol=1e-5, atol=1e-6)


def look_at(app: AppTest, index: int) -> None:
    """Choose another picture on Samples, and come back."""
    go_to(app, "samples")
    choose(app, "Go to index", index)
    go_to(app, "compare")
    check_fine(app)


def shared(app: AppTest) -> str:
    """What stands above the panels about all of them."""
    (line,) = [line for line in read_page(app).splitlines() if line.startswith("All panels:")]
    return line.replace("*", "")


def test_panels_follow_the_picture_and_the_network_of_the_sidebar() -> None:
    app = visit("compare", FOLLOWING)
    holds(app, (MODEL, IMAGE, LAYER), (MODEL, IMAGE, "layer2.0.conv1"))
    assert shared(app) == "All panels: network cifar-resnet20, weights final, picture cat (bundled-cifar10/0)"
    look_at(app, 3)
    choose(app, "Weights", f"{MODEL}@random")
    check_fine(app)
    assert panels(app) == FOLLOWING["panel"]
    assert shared(app).endswith("weights random, picture airplane (bundled-cifar10/3)")
    choose(app, "Show", "one channel")
    choose(app, "Channel", 5)
    holds(app, (f"{MODEL}@random", OTHER, LAYER), (f"{MODEL}@random", OTHER, "layer2.0.conv1"))


def test_a_link_of_panels_that_follow_opens_the_same_view_elsewhere() -> None:
    app = visit("compare", FOLLOWING | {"model": f"{MODEL}@epoch-1", "image": OTHER})
    holds(app, (f"{MODEL}@epoch-1", OTHER, LAYER), (f"{MODEL}@epoch-1", OTHER, "layer2.0.conv1"))


def test_a_panel_is_pinned_stays_as_it_is_and_follows_again() -> None:
    app = visit("compare", FOLLOWING)
    press(app, "Pin", nth=1)
    assert panels(app) == [f",,{LAYER}", f"{MODEL},{IMAGE},layer2.0.conv1"]
    assert "Network and picture pinned" in read_page(app)
    look_at(app, 3)
    assert names(app) == [f"1 airplane ({OTHER}), {LAYER}", f"2 cat ({IMAGE}), layer2.0.conv1"]
    press(app, "Unpin")
    check_fine(app)
    assert names(app) == [f"1 {LAYER}", "2 layer2.0.conv1"]
    assert "pinned" not in read_page(app)


def test_the_panels_of_an_older_link_are_pinned_and_one_press_makes_them_follow() -> None:
    link = [f"{MODEL},{OTHER},{LAYER}", f"{MODEL}@random,{IMAGE},{LAYER}"]
    app = visit("compare", FOLLOWING | {"panel": link, "model": f"{MODEL}@epoch-1"})
    check_fine(app)
    holds(app, (MODEL, OTHER, LAYER), (f"{MODEL}@random", IMAGE, LAYER))
    assert panels(app) == link
    press(app, "Current picture everywhere")
    holds(app, (MODEL, IMAGE, LAYER), (f"{MODEL}@random", IMAGE, LAYER))
    press(app, "Current network everywhere")
    holds(app, *[(f"{MODEL}@epoch-1", IMAGE, LAYER)] * 2)
    assert panels(app) == [f",,{LAYER}"] * 2
    buttons = {button.label for button in app.button}
    assert not buttons & {"Current picture everywhere", "Current network everywhere"}


def test_a_board_that_nobody_changed_follows_the_layers_too() -> None:
    app = visit("compare", {"layers": [LAYER, "layer2.0.conv1"]})
    assert app.query_params["panel"] == "chosen-layers"
    choose(app, "Layers", [LAYER, "layer3.0.conv1"])
    assert names(app) == [f"1 {LAYER}", "2 layer3.0.conv1"]
    press(app, "While it learned")
    press(app, "These layers")
    assert app.query_params["panel"] == "chosen-layers"


def test_panels_come_in_the_order_of_the_network_and_not_with_the_open_tab_first() -> None:
    app = visit("activations", {"layers": ["layer3.0.conv1", LAYER, "conv1"]})
    choose(app, "Layer", "layer3.0.conv1")
    go_to(app, "compare")
    assert names(app) == ["1 conv1", f"2 {LAYER}", "3 layer3.0.conv1"]


@pytest.mark.parametrize("preset", ["While it learned", "Mirror image"])
def test_presets_pin_only_what_they_are_about(preset: str) -> None:
    app = visit("compare")
    press(app, preset)
    look_at(app, 3)
    assert "picture airplane (bundled-cifar10/3)" in shared(app)
    assert ("Network pinned" in read_page(app)) is (preset == "While it learned")
    choose(app, "Show", "one channel")
    choose(app, "Channel", 5)
    if preset == "Mirror image":
        holds(app, (MODEL, OTHER, LAYER), (MODEL, f"{OTHER}~mirror", LAYER))
    else:
        holds(app, *[(f"{MODEL}@{name}", OTHER, LAYER) for name in ("random", "epoch-1", "epoch-5", "final")])


def test_another_network_without_the_layer_says_so_and_what_to_do() -> None:
    app = visit(
        "compare", FOLLOWING | {"model": "resnet18@random", "panel": [f",,{LAYER}", ",,layer1.0.relu1"]}
    )
    (message,) = said(app)
    assert "'layer1.0.relu1' is not a layer of resnet18@random" in message
    assert "Choose a layer of this network with Change" in read_page(app)


def test_a_picture_is_pinned_by_choosing_it_and_follows_by_choosing_so() -> None:
    app = visit("compare", FOLLOWING)
    open_popover(app, "change_0")
    app.selectbox(key="panel_0_image_id").set_value(IMAGE).run()
    assert panels(app)[0] == f",{IMAGE},{LAYER}"
    assert "Picture pinned" in read_page(app)
    assert "Follows the sidebar" in read_page(app)
    app.selectbox(key="panel_0_image_id").set_value("").run()
    assert panels(app)[0] == f",,{LAYER}"
    assert widget(app, "Show").value == "one channel"
    assert "compare_board" in drawn(app)
