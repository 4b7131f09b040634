"""Links: every choice has its parameter, opens the same view elsewhere, and mistakes in it are told."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.truth import IMAGE, LAYERS, MODEL
from tests.pages.visit import (
    Link,
    check_fine,
    choose,
    content,
    drawn,
    go_back,
    go_to,
    offered,
    press,
    read_page,
    said,
    table,
    visit,
)

CHANNEL = {"layers": "layer2.0.conv1", "channel": "5"}
CHOICES: list[tuple[str, Link, str, Any, Link]] = [
    ("activations", {}, "Layer", LAYERS[1], {"activations_layer": LAYERS[1]}),
    ("activations", {}, "Sort by", "active", {"sort": "active share"}),
    ("activations", {}, "Sort by", "std", {"sort": "variation"}),
    ("activations", {}, "Colours", "twilight", {"colours": "twilight"}),
    ("activations", {}, "Range", "percentile", {"range": "clipped"}),
    ("activations", {}, "Range", "channel", {"range": "own"}),
    ("activations", {"layers": "layer3.0.shortcut"}, "Show", "not silent", {"only": "not silent"}),
    ("activations", {"sort": "mean"}, "Largest first", False, {"descending": "false"}),
    ("activations", {"layers": "layer3.0.conv1"}, "Channels a page", 16, {"tiles": "16"}),
    ("activations", {}, "Channel", 7, {"channel": "7"}),
    ("activations", CHANNEL, "Own colour range", True, {"channel_own_range": "true"}),
    ("activations", {}, "Sort by", "reach", {"sort": "strength"}),
    ("activations", {}, "Over the picture", "PCA", {"overview": "PCA"}),
    ("activations", {}, "Opacity", 0.2, {"opacity": "0.2"}),
    ("activations", CHANNEL, "Over the picture", True, {"over_picture": "true"}),
    ("samples", {}, "Source", "patterns", {"source": "patterns"}),
    ("samples", {}, "Class", "frog", {"class": "frog"}),
    ("samples", {}, "Shuffle", 7, {"seed": "7"}),
    ("layers", {}, "Filter", "conv2", {"filter": "conv2"}),
    ("layers", {}, "Type", "Conv2d", {"type": "Conv2d"}),
    ("layers", {}, "Depth", 2, {"depth": "2"}),
]


def everything(app: AppTest) -> dict[str, Any]:
    """All that a page shows: its text, its figures and its tables."""
    figures = {f"figure {key}": content(app, key) for key in drawn(app)}
    tables = {f"table {place}": frame.value.to_csv() for place, frame in enumerate(app.dataframe)}
    return {"text": read_page(app), **figures, **tables}


@pytest.mark.parametrize(("page", "before", "label", "value", "link"), CHOICES)
def test_a_choice_is_part_of_the_link_and_the_link_opens_the_same_view(
    page: str, before: Link, label: str, value: Any, link: Link
) -> None:
    plain, chosen = visit(page, before), visit(page, before)
    choose(chosen, label, value)
    linked = visit(page, {**before, **link})
    check_fine(linked)
    assert everything(linked) == everything(chosen)
    assert everything(linked) != everything(plain)
    (parameter,) = link
    assert parameter in bound(linked)


def bound(app: AppTest) -> set[str]:
    """The parameters that the browser keeps in the link as their widgets change."""
    found, nodes = set(), [app._tree]
    while nodes:
        node = nodes.pop()
        nodes.extend(getattr(node, "children", {}).values())
        found.add(getattr(getattr(node, "proto", None), "query_param_key", ""))
    return found - {""}


def test_model_picture_and_layers_are_written_into_the_link_as_they_change() -> None:
    app = visit("activations")
    assert app.query_params == {"model": MODEL, "image": IMAGE, "layers": LAYERS}
    choose(app, "Layers", ["conv1", "bn1"])
    assert app.query_params["layers"] == ["conv1", "bn1"]
    choose(app, "Weights", "cifar-resnet20@epoch-1")
    assert app.query_params["model"] == "cifar-resnet20@epoch-1"
    go_to(app, "samples")
    choose(app, "Go to index", 11)
    go_to(app, "activations")
    link = {"model": "cifar-resnet20@epoch-1", "image": "bundled-cifar10/11", "layers": ["conv1", "bn1"]}
    assert app.query_params == link
    other = visit("activations", link)
    check_fine(other)
    assert everything(other) == everything(app)


def test_a_model_key_in_its_long_form_opens_the_same_model() -> None:
    app = visit("start", {"model": "cifar-resnet20@final"})
    check_fine(app)
    assert app.query_params["model"] == MODEL


BAD: dict[str, tuple[str, Link, list[str], str]] = {
    "model": ("activations", {"model": "cifar-resnet21"}, ["'cifar-resnet21'", "cifar-resnet20"], "model"),
    "weights": (
        "activations",
        {"model": "cifar-resnet20@epoch-99"},
        ["'epoch-99'", "cifar-resnet20@epoch-1", "cifar-resnet20@random"],
        "model",
    ),
    "source": ("activations", {"image": "bundled-cifar/1"}, ["bundled-cifar'", "bundled-cifar10"], "picture"),
    "picture": (
        "activations",
        {"image": "bundled-cifar10/99"},
        ["no picture 99", "bundled-cifar10/0 to bundled-cifar10/19"],
        "picture",
    ),
    "no image id": (
        "activations",
        {"image": "cat"},
        ["'cat' is no image id", "bundled-cifar10/3"],
        "picture",
    ),
    "lost upload": (
        "activations",
        {"image": "upload/0123456789ab"},
        ["upload/0123456789ab is not on this server", "Upload that picture again"],
        "picture",
    ),
    "markup": (
        "activations",
        {"image": "<b>**x**"},
        ["'<b>**x**' is no image id"],
        "picture",
    ),
    "layer": (
        "activations",
        {"layers": ["layer1.0.conv9", "conv1"]},
        ["'layer1.0.conv9' is not a layer of cifar-resnet20", "'layer1.0.conv1'"],
        "",
    ),
    "only layer": ("activations", {"layers": "convv1"}, ["'convv1'", "'conv1'"], "layer"),
    "shown layer": (
        "activations",
        {"activations_layer": "layer9"},
        ["activations_layer=layer9", ", ".join(LAYERS)],
        "",
    ),
    "order": ("activations", {"sort": "colour"}, ["sort=colour", "number, strength, mean, maximum"], ""),
    "colours": ("activations", {"colours": "jet"}, ["colours=jet", "auto, viridis"], ""),
    "range": ("activations", {"range": "all"}, ["range=all", "shared, own, clipped"], ""),
    "tiles": ("activations", {"tiles": "7"}, ["tiles=7", "64, 16, 32, 128, 256, 512"], ""),
    "grid page": (
        "activations",
        {"layers": "layer3.0.conv1", "tiles": "16", "grid_page": "9"},
        ["grid_page=9", "1, 2, 3, 4."],
        "",
    ),
    "channel": ("activations", {"layers": "conv1", "channel": "99"}, ["channel=99", "0, 1, 2", "15."], ""),
    "no channel": ("activations", {"layers": "conv1", "channel": "x"}, ["channel=x", "15."], ""),
    "overview": ("activations", {"overview": "sum"}, ["overview=sum", "mean, max, PCA."], ""),
    "strength": ("activations", {"only": "loud"}, ["only=loud", "silent or nearly silent"], ""),
    "switch": ("activations", {"hide_silent": "maybe"}, ["hide_silent=maybe", "true, false."], ""),
    "hidden switch": ("activations", {"descending": "up"}, ["descending=up", "true, false."], ""),
    "opacity": ("activations", {"opacity": "7"}, ["opacity=7", "a number from 0 to 1."], ""),
    "depth": ("layers", {"depth": "99"}, ["depth=99", "a number from 1 to 3."], ""),
    "seed": ("samples", {"seed": "x"}, ["seed=x", "a number from 0 to 9007199254740991."], ""),
    "negative seed": ("samples", {"seed": "-3"}, ["seed=-3", "a number from 0 to 9007199254740991."], ""),
    "source of the sheet": ("samples", {"source": "mnist"}, ["source=mnist", "bundled-cifar10"], ""),
    "class": ("samples", {"class": "zebra"}, ["class=zebra", "cat, dog"], ""),
    "page": ("samples", {"page": "7"}, ["page=7", "1."], ""),
    "type": ("layers", {"type": "Conv3d"}, ["type=Conv3d", "Conv2d"], ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_link_says_what_is_wrong_and_what_would_work_and_the_page_goes_on(name: str) -> None:
    page, link, words, missing = BAD[name]
    app = visit(page, link)
    (message,) = said(app)
    for word in words:
        assert word in message
    hints = {
        "model": ["Choose a model in the sidebar to go on."],
        "picture": ["Choose a picture to go on."],
        "layer": ["No layer is chosen. Start with one of these, or pick your own."],
        "": [],
    }
    assert offered(app) == hints[missing]
    if not missing:
        assert drawn(app) or len(app.dataframe)


def test_a_bad_link_is_not_replaced_by_something_else_before_a_choice_is_made() -> None:
    app = visit("activations", {"model": "cifar-resnet21", "image": "bundled-cifar10/99"})
    assert app.query_params == {"model": "cifar-resnet21", "image": "bundled-cifar10/99"}
    assert len(said(app)) == 2
    choose(app, "Model", "cifar-resnet20")
    assert said(app) == []
    assert offered(app) == ["Choose a picture to go on."]
    go_to(app, "samples")
    choose(app, "Go to index", 3)
    check_fine(app)
    assert app.query_params == {"model": MODEL, "image": "bundled-cifar10/3", "layers": LAYERS}


def test_a_page_that_the_sheet_lacks_is_warned_of_once() -> None:
    app = visit("samples", {"page": "7"})
    assert len(said(app)) == 1
    choose(app, "Go to index", 3)
    check_fine(app)


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("activations", {"sort": "colour"}),
        ("layers", {"depth": "99"}),
        ("compare", {"panel": ["cat", "dog"]}),
    ],
)
def test_a_window_of_another_width_does_not_take_a_warning_away(page: str, link: Link) -> None:
    app = visit(page, link)
    before = said(app)
    assert before
    app.session_state["content_width_changed"] = True  # what the browser's first report leaves behind
    app.run()
    assert said(app) == before
    app.run()
    check_fine(app)


def test_after_a_bad_layer_the_quick_picks_lead_on() -> None:
    app = visit("activations", {"layers": "convv1"})
    press(app, "First of each stage")
    check_fine(app)
    assert app.query_params["layers"] == LAYERS
    assert "activations_grid" in drawn(app)


def test_going_back_in_the_browsers_history_shows_the_earlier_view() -> None:
    app = visit("activations", {"layers": "conv1"})
    before = everything(app)
    choose(app, "Layers", ["bn1"])
    assert everything(app) != before
    go_back(app, layers="conv1")
    check_fine(app)
    assert everything(app) == before


def test_a_request_that_was_sent_before_the_last_answer_came_undoes_nothing() -> None:
    app = visit("activations", {"layers": "conv1"})
    choose(app, "Layers", ["bn1"])
    after = everything(app)
    app.query_params["layers"] = "conv1"
    app.run()
    check_fine(app)
    assert app.query_params["layers"] == "bn1"
    assert everything(app) == after


def test_a_page_that_is_opened_by_the_link_that_was_just_left_shows_what_it_says() -> None:
    app = visit("activations", {"layers": "conv1"})
    choose(app, "Layers", ["bn1"])
    app.query_params["layers"] = "conv1"
    go_to(app, "layers")
    assert app.query_params["layers"] == "conv1"


@pytest.mark.parametrize("page", ["start", "samples", "layers", "activations", "about"])
def test_a_link_opens_every_page_with_what_it_names(page: str) -> None:
    link = {"model": "cifar-resnet20@epoch-1", "image": "patterns/3", "layers": ["conv1", "layer2.1.conv2"]}
    app = visit(page, link)
    check_fine(app)
    assert app.query_params == link
    assert "patterns/3" in read_page(app)
    if page == "layers":
        assert "2 layers chosen: 16 + 32 channels" in read_page(app)
        assert len(table(app)) > 50


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (
            {"model": "cifar-resnet20!layer1.0.conv1:5*0"},
            "There is no model 'cifar-resnet20!layer1.0.conv1:5*0'",
        ),
        ({"layers": f"layer1.0.conv1#{'9' * 5000}"}, "layer1.0.conv1#999"),
        ({"layers": f"layer1.0/add#{'9' * 5000}"}, "layer1.0/add#999"),
    ],
)
def test_names_that_nothing_can_have_are_told(link: Link, message: str) -> None:
    app = visit("activations", link)
    assert not app.exception
    assert any(message in text for text in said(app)), said(app)
