"""One word and one colour for one thing: on Compare as on the other pages."""

import re

import numpy as np
import pytest

from actviz_core.figures.colors import LABEL
from actviz_core.samples import open_sample
from tests.pages.truth import IMAGE, MODEL, Maps, truth
from tests.pages.visit import figure, press, read_page, table, visit

LAYER = "layer1.0.conv1"
BOARD = {"layers": [LAYER], "panel": [f"{MODEL},{IMAGE},{LAYER}", f"{MODEL}@random,{IMAGE},{LAYER}"]}
KEY = "compare_predictions"


def strength(maps: Maps) -> list[str]:
    """How strong each channel is, by its and the layer's largest distance from zero."""
    reach = np.abs(maps).max((1, 2)) / np.abs(maps).max()
    return [
        "silent" if not own else "nearly silent" if own <= 0.01 else "weak" if own < 0.5 else "strong"
        for own in reach
    ]


def test_the_table_of_differences_has_the_words_for_both_panels() -> None:
    app = visit("compare", BOARD)
    rows = table(app).sort_values("Channel")
    assert list(rows["Panel 1"]) == strength(truth(LAYER))
    assert list(rows["Panel 2"]) == strength(truth(LAYER, IMAGE, f"{MODEL}@random"))


@pytest.mark.parametrize("layer", ["layer1.0.conv1", "layer1.0.relu1", "layer3.1.conv1", "layer3.1.relu1"])
def test_of_a_channel_that_learning_left_dead_it_is_said_that_it_is_dead(layer: str) -> None:
    app = visit("compare", {"layers": layer})
    press(app, "Trained and untrained")
    untrained, trained = truth(layer, IMAGE, f"{MODEL}@random"), truth(layer)
    distance, length = (np.sqrt((maps**2).sum((1, 2))) for maps in (untrained - trained, trained))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(distance == 0, 0, distance / length)
    most = int(np.lexsort((-distance, -ratio))[0])
    word = strength(trained)[most]
    assert word in ("silent", "nearly silent")
    said = re.search(r"channel (\d+) differs most[^.;:]*(?:\.\d+\))?: it is (.*?)[.;]", read_page(app))
    assert said is not None
    assert (int(said[1]), said[2]) == (most, f"{word} in final")


@pytest.mark.parametrize("image", ["bundled-cifar10/0", "bundled-cifar10/8"])
def test_blue_stands_for_the_pictures_label_on_every_page(image: str) -> None:
    label = open_sample(image).label
    link = {"model": f"{MODEL}@epoch-1", "image": image}
    colored = {}
    for page, key in (("samples", "samples_top5"), ("start", "story_prediction"), ("compare", KEY)):
        drawing = figure(visit(page, link), key)
        for bars in drawing["data"]:
            names = bars["customdata"] if page == "compare" else bars["hovertext"]
            of_colour = {c: n for n, c in zip(names, bars["marker"]["color"], strict=True) if c == LABEL}
            colored[page] = list(of_colour.values())
            noted = "blue: the picture's label" in str(drawing["layout"].get("annotations"))
            assert noted == bool(of_colour)
            assert of_colour or label not in names
    assert all(names in ([label], []) for names in colored.values())
    assert any(colored.values())


def test_a_bar_and_the_sentence_beside_it_say_the_same() -> None:
    app = visit("samples")
    said = re.search(r"Network says: \*\*cat\*\* (.* %)", read_page(app))
    assert said is not None
    assert figure(app, "samples_top5")["data"][0]["text"][0].replace("\xa0", " ") == said[1] == "> 99 %"
    assert figure(visit("compare"), KEY)["data"][0]["text"][0].replace("\xa0", " ") == said[1]
