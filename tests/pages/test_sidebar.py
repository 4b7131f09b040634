"""The sidebar: the picture and what the network says, and the choice of network, weights and layers."""

import pytest

from tests.pages.truth import LAYERS, said_classes, truth
from tests.pages.visit import check_fine, choose, pictures, read_page, shown_channels, tile, visit


@pytest.mark.parametrize("page", ["start", "samples", "layers", "activations", "about"])
def test_the_picture_its_label_and_the_prediction_are_on_every_page(page: str) -> None:
    app = visit(page, {"image": "bundled-cifar10/12"})
    classes, shares = said_classes("bundled-cifar10/12")
    share = "> 99 %" if 0.99 < shares[0] < 1 else f"{shares[0]:.0%}".replace("%", " %")
    assert f"Network says: **{classes[0]}** {share}" in read_page(app)
    assert "bundled-cifar10/12" in read_page(app)
    assert "The picture in hand: dog, bundled-cifar10/12" in pictures(app)


def test_untrained_weights_can_be_compared_with_at_the_same_layers() -> None:
    app = visit("activations", {"layers": "layer2.0.conv1"})
    weights = app.selectbox(key="model_weights")
    assert [title.split(",")[0] for title in weights.options] == [
        "random (untrained)",
        "epoch 1",
        "epoch 5",
        "final",
    ]
    choose(app, "Weights", "cifar-resnet20@random")
    check_fine(app)
    assert app.query_params["layers"] == "layer2.0.conv1"
    maps = truth("layer2.0.conv1", model_key="cifar-resnet20@random")
    assert tile(app, 4, maps.shape).tobytes() == maps[4].tobytes()
    assert maps[4].tobytes() != truth("layer2.0.conv1")[4].tobytes()


def test_another_network_keeps_the_layers_that_it_has_too() -> None:
    app = visit("activations", {"model": "resnet18@random", "layers": ["layer1.0.conv1", "layer4.0.conv1"]})
    choose(app, "Model", "cifar-resnet20")
    check_fine(app)
    assert app.query_params["model"] == "cifar-resnet20"
    assert app.query_params["layers"] == "layer1.0.conv1"
    assert shown_channels(app) == list(range(16))


def test_another_network_without_any_of_the_layers_starts_with_one_of_each_stage() -> None:
    app = visit("activations", {"model": "resnet18@random", "layers": "layer4.1.conv2"})
    choose(app, "Model", "cifar-resnet20")
    check_fine(app)
    assert app.query_params["layers"] == LAYERS


def test_every_layer_can_be_chosen_by_name() -> None:
    app = visit("activations")
    options = app.multiselect(key="chosen_layers").options
    assert {"conv1", "layer3.2.relu2", "avgpool", "fc"} <= set(options)
    choose(app, "Layers", ["layer3.2.relu2"])
    maps = truth("layer3.2.relu2")
    assert tile(app, 63, maps.shape).tobytes() == maps[63].tobytes()
