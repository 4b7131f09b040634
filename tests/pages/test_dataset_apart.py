"""The view of what a layer tells apart: its map, its colours, and the pictures that somebody draws around."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from actviz_core.analysis.projection import project
from actviz_core.analysis.t_sne import t_sne
from actviz_core.samples import open_source
from actviz_core.sweep import Run, sweep
from actviz_core.ui.dataset.pictures import label_of
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.truth import MODEL
from tests.pages.visit import (
    as_read,
    check_fine,
    choose,
    click,
    content,
    described,
    draw_around,
    drawn,
    figure,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.sweep.toys import pixels

SOURCE = "bundled-cifar10"
LAYERS = ["layer1", "layer2", "fc"]
MAP, LINE, SHEET = "dataset_apart_map", "dataset_apart_line", "dataset_apart_sheet"
PATIENCE = 300  # seconds


def keep(key: str = MODEL, source: str = SOURCE, limit: int | None = None) -> Run:
    workspace = shared_workspace()
    pictures = open_source(source, workspace.settings)
    return sweep(workspace.model(key), pictures, LAYERS, limit=limit, settings=workspace.settings)


@pytest.fixture(scope="module")
def run() -> Run:
    """A network that learned little, over the bundled pictures: it is wrong about some."""
    return keep(f"{MODEL}@epoch-1")


def visit_run(run: Run, **link: str) -> AppTest:
    return visit("dataset", {"run": run.id, "question": "apart"} | link)


def places(app: AppTest) -> dict[int, tuple[float, float]]:
    """Where the map has each picture."""
    found: dict[int, tuple[float, float]] = {}
    for trace in figure(app, MAP)["data"]:
        found.update(zip(trace["customdata"], zip(trace["x"], trace["y"], strict=True), strict=True))
    return found


def nearest_is_of_the_same_class(run: Run, call: str) -> float:
    values = run.mean(call).astype(np.float64)
    distances = np.linalg.norm(values[:, None] - values, axis=2) + np.diag(np.full(len(values), np.inf))
    return float((run.labels[distances.argmin(axis=1)] == run.labels).mean())


def test_the_map_shows_the_principal_components_of_the_layers_means(run: Run) -> None:
    app = visit_run(run, layer="layer2")
    check_fine(app)
    found = project(run.mean("layer2"))
    drawn_at = places(app)
    assert sorted(drawn_at) == list(range(20))
    for index, place in drawn_at.items():
        np.testing.assert_allclose(place, found.points[index], rtol=1e-5, atol=1e-6)
    assert found.shares is not None
    share = f"{sum(found.shares):.0%}".replace("%", " %")
    assert f"layer2's 32 channels. They show {share} of the variance" in read_page(app)
    assert "20 pictures as points, by what layer2 does with them, coloured by class" in described(app, MAP)


def test_colours_are_classes_answers_right_ones_and_a_channels_mean(run: Run) -> None:
    app = visit_run(run, layer="layer1")
    names = {trace["name"]: trace["customdata"] for trace in figure(app, MAP)["data"]}
    for at, name in enumerate(run.manifest.labels):
        assert names[name] == np.flatnonzero(run.labels == at).tolist()
    choose(app, "Colours", "answer")
    answers = {trace["name"]: trace["customdata"] for trace in figure(app, MAP)["data"]}
    assert {name: len(items) for name, items in answers.items()} == {
        run.manifest.classes[at]: int((run.answers[:, 0] == at).sum()) for at in set(run.answers[:, 0])
    }
    choose(app, "Colours", "right")
    right = {trace["name"]: trace["customdata"] for trace in figure(app, MAP)["data"]}
    assert right["wrong"] == np.flatnonzero(run.said[:, 0] != run.labels).tolist()
    assert right["right"] == np.flatnonzero(run.said[:, 0] == run.labels).tolist()
    assert app.query_params["color"] == "right"
    choose(app, "Colours", "channel")
    choose(app, "Channel", 7)
    assert app.query_params["color"] == "channel-7"
    (trace,) = figure(app, MAP)["data"]
    np.testing.assert_allclose(trace["marker"]["color"], run.mean("layer1")[:, 7])
    copy = visit_run(run, layer="layer1", color="channel-7")
    assert content(copy, MAP) == content(app, MAP)


def test_what_is_said_of_a_point_is_what_sheets_say_of_its_picture(run: Run) -> None:
    for trace in figure(visit_run(run), MAP)["data"]:
        for index, words in zip(trace["customdata"], trace["text"], strict=True):
            assert words == label_of(run, index)


def test_the_slider_and_the_line_lead_from_layer_to_layer(run: Run) -> None:
    app = visit_run(run)
    shares = [nearest_is_of_the_same_class(run, call) for call in run.calls]
    line = figure(app, LINE)
    np.testing.assert_allclose(line["data"][0]["y"], shares)
    np.testing.assert_allclose(line["data"][1]["y"], [9 / 5 / 19] * 2, rtol=0.2)  # about two of each class
    written = f"{shares[-1]:.0%}".replace("%", " %")
    assert f"In fc, the most similar other picture is of the same class for {written} of 20" in read_page(app)
    app.select_slider(key="apart_layer").set_value("layer1").run()
    check_fine(app)
    assert app.query_params["layer"] == "layer1"
    assert "In layer1, the most similar" in read_page(app)
    click(app, LINE, "layer2")
    assert app.query_params["layer"] == "layer2"
    assert app.select_slider(key="apart_layer").value == "layer2"


def test_a_click_on_a_point_asks_why(run: Run) -> None:
    app = visit_run(run)
    click(app, MAP, 13)
    check_fine(app)
    assert app.query_params["image"] == f"{SOURCE}/13"
    assert "Why does it say so?" in [title.value for title in app.title]


def around(points: npt.NDArray[np.float64]) -> list[tuple[float, float]]:
    low, high = points.min(axis=0) - 0.01, points.max(axis=0) + 0.01
    return [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]


def test_pictures_that_are_drawn_around_are_told_shown_and_linked(run: Run) -> None:
    app = visit_run(run, layer="fc")
    points = project(run.mean("fc")).points
    wrong = np.flatnonzero(run.said[:, 0] != run.labels)
    corners = around(points[[*wrong[:2], 3, 4]])
    draw_around(app, MAP, corners)
    check_fine(app)
    low, high = np.array(corners[0]), np.array(corners[2])
    inside = np.flatnonzero(((points > low) & (points < high)).all(axis=1))
    assert len(inside) >= 4
    assert f"{len(inside)} pictures: " in read_page(app)
    count = len(set(inside) & set(wrong))
    assert f" {count} of {len(inside)} " in read_page(app)
    panel = figure(app, SHEET)["layout"]["meta"]["panels"][0]
    assert sorted(panel["items"]) == inside.tolist()
    assert panel["items"][:count] == [index for index in inside if index in wrong]
    assert panel["labels"][0].endswith(label_of(run, panel["items"][0]))
    lit = [trace["customdata"][at] for trace in figure(app, MAP)["data"] for at in trace["selectedpoints"]]
    assert sorted(lit) == inside.tolist()
    assert figure(app, MAP)["layout"]["shapes"]
    copy = visit_run(run, layer="fc", lasso=app.query_params["lasso"])
    check_fine(copy)
    assert content(copy, SHEET) == content(app, SHEET)
    choose_layer = app.select_slider(key="apart_layer")
    choose_layer.set_value("layer1").run()
    lit = [trace["customdata"][at] for trace in figure(app, MAP)["data"] for at in trace["selectedpoints"]]
    assert sorted(lit) == inside.tolist()  # the same pictures, where this layer has them
    assert not figure(app, MAP)["layout"].get("shapes")
    assert "They were chosen on the map of fc." in read_page(app)
    click(app, SHEET, int(inside[0]))
    assert app.query_params["image"] == f"{SOURCE}/{inside[0]}"


def test_a_line_around_nothing_says_so_and_choosing_none_leaves_no_trace(run: Run) -> None:
    app = visit_run(run)
    draw_around(app, MAP, [(900, 900), (901, 900), (901, 901)])
    assert "No picture lies within the line." in read_page(app)
    assert SHEET not in drawn(app)
    press(app, "Choose none")
    assert "lasso" not in app.query_params
    assert "The chosen pictures" not in read_page(app)
    assert all("selectedpoints" not in trace for trace in figure(app, MAP)["data"])


def test_a_t_sne_map_is_made_in_the_background_and_kept_for_everybody(run: Run) -> None:
    app = visit_run(run, layer="layer2", map="t-sne")
    for task in shared_workspace().background.at_work():
        assert task.ended.wait(PATIENCE)
    app.run()
    check_fine(app)
    assert "t-SNE of the means of layer2's 32 channels" in read_page(app)
    expected = t_sne(run.mean("layer2")).points
    for index, place in places(app).items():
        np.testing.assert_allclose(place, expected[index], rtol=1e-5)
    draw_around(app, MAP, around(expected[[2, 5]]))
    copy = visit_run(run, layer="layer2", map="t-sne", lasso=app.query_params["lasso"])
    check_fine(copy)
    assert content(copy, MAP) == content(app, MAP)
    choose(copy, "Map", "pca")
    assert "They show" in read_page(copy)
    assert "The chosen pictures" in read_page(copy)


def test_a_line_on_a_map_that_is_not_made_says_so(run: Run) -> None:
    app = visit_run(run, lasso="t-sne:layer1:0,0;1,0;1,1")
    check_fine(app)
    assert "They were chosen on a map of layer1, which is not made on this server yet." in read_page(app)


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"map": "umap"}, "map=umap is not possible here. It can be: pca, t-sne."),
        ({"color": "channel-10"}, "color=channel-10 is not possible here. fc has 10 channels."),
        ({"color": "blue"}, "color=blue is not possible here. It can be: class, answer, right, channel-0 to"),
        ({"layer": "conv9"}, "layer=conv9 is not possible here. It can be: layer1, layer2, fc."),
        ({"lasso": "pca:fc:0,0;1,nan;2,2"}, "lasso=pca:fc:0,0;1,nan;2,2 is not possible here."),
        ({"lasso": "pca:conv9:0,0;1,0;2,2"}, "lasso=pca:conv9:0,0;1,0;2,2 is not possible here. The run"),
    ],
)
def test_a_link_to_what_is_not_there_says_what_is(run: Run, link: dict[str, str], told: str) -> None:
    app = visit_run(run, **link)
    assert any(told in message for message in said(app)), said(app)
    assert MAP in drawn(app)


def test_a_single_picture_is_drawn_and_nothing_is_compared() -> None:
    app = visit_run(keep(limit=1))
    check_fine(app)
    assert "There are not two pictures to tell apart." in read_page(app)
    assert "have no labels of two classes" in read_page(app)
    assert list(places(app)) == [0]
    groups: list[Any] = [*app.get("button_group")]
    assert "Map" not in [as_read(group.label) for group in groups]


def test_pictures_without_labels_are_coloured_by_the_answer(
    new_server: Callable[..., Workspace], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for at, picture in enumerate(pixels(12)):
        Image.fromarray(picture).save(folder / f"{at:02}.png")
    new_server(ACTVIZ_IMAGES=str(folder))
    run = keep(source="folder")
    app = visit_run(run)
    check_fine(app)
    assert "have no labels of two classes" in read_page(app)
    assert widget(app, "Colours").options == ["answer", "a channel's value"]
    assert "thumbnail/folder/ITEM" in figure(app, MAP)["layout"]["meta"]["points"]["thumbnails"]
    (folder / "03.png").unlink()
    app = visit_run(run)
    assert "The pictures of this run are not there any more, or have changed" in read_page(app)
    assert figure(app, MAP)["layout"]["meta"]["points"]["thumbnails"] is None
    click(app, MAP, 3)
    assert "Data set" in [title.value for title in app.title]


def test_a_t_sne_map_that_waits_can_be_cancelled_and_asked_for_again(run: Run) -> None:
    with shared_workspace().background.turn:  # somebody else's map is being made
        app = visit_run(run, layer="layer1", map="t-sne")
        (task,) = shared_workspace().background.at_work()
        assert "They show" in read_page(app)  # principal components meanwhile
        press(app, "Cancel")
        assert task.ended.wait(PATIENCE)
        app.run()
        check_fine(app)
        assert "The t-SNE map of layer1 takes about 3 s." in read_page(app)
    press(app, "Make it")
    for begun in shared_workspace().background.at_work():
        assert begun.ended.wait(PATIENCE)
    app.run()
    assert "t-SNE of the means of layer1's 16 channels" in read_page(app)
