"""Wrong answers on Samples: marked, counted, and shown alone."""

import re
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from actviz_core.samples import open_source
from actviz_core.workspace.shared import shared_workspace
from tests.pages.truth import MODEL, said_classes
from tests.pages.visit import check_fine, choose, figure, press, read_page, visit, widget

SOURCE = "bundled-cifar10"


def wrong_ones(key: str = MODEL) -> list[int]:
    source = open_source(SOURCE)
    return [
        index
        for index in range(len(source))
        if said_classes(f"{SOURCE}/{index}", key)[0][0] != source.label(index)
    ]


def sheet(app: AppTest) -> Any:
    """What the contact sheet says of its thumbnails."""
    return figure(app, "samples_sheet")["layout"]["meta"]["panels"][0]


def finish(key: str) -> None:
    workspace = shared_workspace()
    model, source = workspace.model(key), open_source(SOURCE, workspace.settings)
    job = workspace.answers.job(model, source)
    assert job is not None
    job.wait(60)


def test_wrong_answers_are_marked_and_counted_after_one_press() -> None:
    app = visit("samples", {"model": f"{MODEL}@epoch-5"})
    press(app, "Mark wrong answers among 20 pictures")
    finish(f"{MODEL}@epoch-5")
    app.run()
    check_fine(app)
    wrong = wrong_ones(f"{MODEL}@epoch-5")
    assert 0 < len(wrong) < 20
    assert f"{len(wrong)} of 20 wrong (" in read_page(app)
    texts = sheet(app)["labels"]
    assert [index for index, text in enumerate(texts) if "Wrong: the network says" in text] == wrong
    answer = said_classes(f"{SOURCE}/{wrong[0]}", f"{MODEL}@epoch-5")[0][0]
    assert texts[wrong[0]].endswith(f"Wrong: the network says {answer}")


def test_a_link_to_the_wrong_ones_alone_shows_exactly_these() -> None:
    key = f"{MODEL}@epoch-1"
    app = visit("samples", {"model": key, "only_wrong": "true"})
    check_fine(app)
    finish(key)
    app.run()
    check_fine(app)
    shown = sheet(app)["items"]
    assert shown == wrong_ones(key)
    another = visit("samples", {"model": key})
    assert f"{len(shown)} of 20 wrong (" in read_page(another)
    choose(another, "Only those it gets wrong", True)
    assert len(sheet(another)["items"]) == len(shown)


def test_where_nothing_tells_right_from_wrong_the_switch_is_off_and_says_why() -> None:
    app = visit("samples", {"source": "bundled-imagenet"})
    switch = widget(app, "Only those it gets wrong")
    assert switch.disabled
    assert "No label of these pictures is the name of a class" in switch.proto.help
    assert not [button for button in app.button if re.match("Mark wrong", button.label)]
    asked = visit("samples", {"source": "bundled-imagenet", "only_wrong": "true"})
    assert "All pictures are shown." in read_page(asked)
    assert len(sheet(asked)["items"]) == 20


def test_nothing_is_marked_before_it_is_asked_for() -> None:
    texts = sheet(visit("samples", {"model": f"{MODEL}@random"}))["labels"]
    assert not [text for text in texts if "Wrong" in text]
    assert len(np.unique(texts)) == 20
