"""The bundled network's model card: one click from its accuracy."""

import numpy as np
import pytest

from actviz_core.models.cifar_resnet20.measured import measured
from tests.pages.visit import as_read, check_fine, choose, figure, read_page, visit


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("cifar-resnet20", "What 89.7 % means"),
        ("cifar-resnet20@epoch-1", "What 39.6 % means"),
        ("resnet18@random", None),
    ],
)
def test_the_card_is_one_click_from_the_accuracy(key: str, label: str | None) -> None:
    links = {link.proto.label: link.proto.page for link in visit("layers", {"model": key}).get("page_link")}
    found = [as_read(text) for text, page in links.items() if page == "card"]
    assert found == ([] if label is None else [label])


def test_the_card_tells_accuracy_of_what_and_what_is_confused() -> None:
    app = visit("card")
    check_fine(app)
    said = read_page(app)
    assert "**89.7 %** is the share of 4,000 pictures" in said
    assert "cat for dog, 38 of 384; dog for cat, 36 of 393; ship for airplane, 18 of 407." in said
    matrix = figure(app, "card_confusion")["data"][0]
    np.testing.assert_array_equal(matrix["z"], measured()[0].confusion)
    curve, training = figure(app, "card_curve")["data"]
    assert (len(curve["x"]), curve["y"][-1], training["y"][0]) == (70, 0.8972, 0.4097)


def test_the_other_pictures_have_a_matrix_of_their_own() -> None:
    app = visit("card")
    choose(app, "Pictures", "test.zip")
    matrix = figure(app, "card_confusion")["data"][0]
    np.testing.assert_array_equal(matrix["z"], measured()[1].confusion)
    assert "dog for cat, 113 of 1000" in read_page(app)


def test_weights_are_called_the_same_on_every_page() -> None:
    key = "cifar-resnet20@epoch-1"
    sidebar = visit("layers", {"model": key}).selectbox(key="model_weights")
    assert [as_read(title).split(",")[0] for title in sidebar.options][1:3] == ["epoch 1", "epoch 5"]
    card = visit("card", {"model": key})
    assert list(card.dataframe[0].value["Weights"]) == ["random", "epoch 1", "epoch 5", "final"]
    compared = visit("compare", {"model": key})
    assert "weights epoch 1" in read_page(compared).replace("*", "")
    for app in (compared, visit("activations", {"model": key})):
        assert "epoch-1" not in read_page(app)
