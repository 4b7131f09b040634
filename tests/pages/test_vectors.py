"""Activations without spatial maps: bars and rows of cells, with the classes' names for the answer."""

import numpy as np

from tests.pages.truth import model, truth
from tests.pages.visit import check_fine, choose, drawn, figure, read_page, visit


def test_the_networks_answer_is_bars_with_the_names_of_the_classes() -> None:
    app = visit("activations", {"layers": "fc"})
    check_fine(app)
    (bars,) = figure(app, "activations_grid")["data"]
    assert bars["type"] == "bar"
    assert bars["x"].tobytes() == truth("fc").tobytes()
    assert bars["hovertext"] == list(model().classes)
    assert "These are the network's answers: one value a class" in read_page(app)
    best = int(truth("fc").argmax())
    assert (
        f"channel {best} ({model().classes[best]}) has the highest value, {truth('fc')[best]:.4g}"
        in read_page(app)
    )


def test_a_thousand_classes_are_the_ten_highest_by_name_and_all_of_them_as_cells() -> None:
    link = {"model": "resnet18@random", "image": "bundled-imagenet/3", "layers": "fc"}
    app = visit("activations", link)
    check_fine(app)
    values = truth("fc", "bundled-imagenet/3", "resnet18@random")
    bars, cells = figure(app, "activations_grid")["data"]
    best = np.argsort(-values, kind="stable")[:10]
    assert bars["x"].tobytes() == values[best].tobytes()
    assert bars["hovertext"] == [model("resnet18@random").classes[index] for index in best]
    assert cells["z"][np.isfinite(cells["z"])].tobytes() == values.tobytes()


def test_pooled_channels_are_cells_and_not_called_classes() -> None:
    app = visit("activations", {"layers": "avgpool"})
    check_fine(app)
    (cells,) = figure(app, "activations_grid")["data"]
    values = truth("avgpool").reshape(-1)
    assert cells["z"].reshape(-1)[:64].tobytes() == values.tobytes()
    assert cells["customdata"].reshape(-1)[:64].tolist() == list(range(64))
    assert "avgpool AdaptiveAvgPool2d, 64 x 1 x 1." in read_page(app).replace("**", "")
    assert "network's answers" not in read_page(app)


def test_a_vector_takes_the_chosen_colours_and_has_a_histogram() -> None:
    app = visit("activations", {"layers": "flatten"})
    choose(app, "Colours", "twilight")
    (cells,) = figure(app, "activations_grid")["data"]
    assert cells["colorscale"][0][1] == "#e2d9e2"
    assert "activations_histogram" in drawn(app)
    assert "activations_overview" not in drawn(app)
