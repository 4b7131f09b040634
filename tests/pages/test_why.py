"""The page Why: true maps, each with a test whose sentences can be computed again."""

import re
import threading
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from torch import nn

from actviz_core.attribution import attribute, put_to_test
from actviz_core.workspace import explanations
from actviz_core.workspace.shared import Workspace, shared_workspace
from tests.pages.covering_expected import expected, falls, saliency
from tests.pages.truth import MODEL, inputs, model, said_classes
from tests.pages.visit import (
    as_read,
    check_fine,
    choose,
    click,
    described,
    drawn,
    figure,
    go_back,
    go_to,
    offered,
    press,
    read_page,
    said,
    visit,
    widget,
)
from tests.toy_models import Fails, Flaws


def finished(app: AppTest) -> AppTest:
    """The page once all maps that it began are made."""
    for _ in range(3):
        for job in shared_workspace().explanations.jobs.running():
            job.wait(60)
        app.run()
    return app


def why(**link: str | list[str]) -> AppTest:
    return finished(visit("why", link))


def test_maps_stand_beside_the_picture_with_a_sentence_each() -> None:
    app = why()
    check_fine(app)
    maps = {f"why_map_{name}" for name in ("grad-cam", "integrated-gradients", "occlusion")}
    assert maps | {"why_picture", "why_classes"} <= drawn(app)
    assert "How far the class falls when a small window of the picture is covered." in read_page(app)
    assert app.query_params.get("methods") is None


@pytest.mark.parametrize(
    ("link", "index", "other"),
    [({}, 3, None), ({"class": "5"}, 5, None), ({"class": "3", "against": "5"}, 3, 5)],
    ids=["predicted", "not predicted", "against another"],
)
def test_the_map_and_what_is_said_of_it_are_computed_again(
    link: dict[str, str | list[str]], index: int, other: int | None
) -> None:
    app = why(methods="saliency", **link)
    check_fine(app)
    truth = saliency(index, other)
    assert figure(app, "why_map_saliency")["data"][0]["z"].tobytes() == truth.numpy().tobytes()
    assert expected(truth.flatten().argsort(descending=True), index, other) in read_page(app)
    order = truth.flatten().argsort(descending=True)
    covered, _, uncovered, _ = (line["y"] for line in figure(app, "why_test_saliency")["data"])
    assert covered == pytest.approx(falls(order, index, other), abs=1e-4)
    assert uncovered == pytest.approx(falls(order, index, other, uncovered=True), abs=1e-4)
    against = "" if other is None else f", rather than {model().classes[other]}"
    answer = "the answer" if index == 3 else "which is not the answer"
    assert f"Explained: {model().classes[index]}, {answer}{against}. Click" in read_page(app)


def test_sizes_only_shows_and_tests_sizes() -> None:
    app = why(methods="input-x-gradient", absolute="true")
    check_fine(app)
    x = inputs().requires_grad_()
    model().module(x)[0, 3].backward()
    assert x.grad is not None
    truth = (x * x.grad)[0].sum(0).abs().detach()
    np.testing.assert_allclose(
        figure(app, "why_map_input-x-gradient")["data"][0]["z"], truth, rtol=1e-4, atol=1e-6
    )
    assert expected(truth.flatten().argsort(descending=True), 3) in read_page(app)
    choose(app, "Sizes only", False)
    signed = figure(finished(app), "why_map_input-x-gradient")["data"][0]
    assert signed["zmin"] == -signed["zmax"] < 0
    assert (np.asarray(signed["z"]) < 0).any()


def test_a_click_on_a_bar_explains_that_class_and_the_link_names_it() -> None:
    app = why(methods="saliency")
    second = model().classes.index(said_classes()[0][1])
    click(app, "why_classes", second)
    check_fine(finished(app))
    assert app.query_params["class"] == str(second)
    assert f"Explained: {model().classes[second]}, which is not the answer." in read_page(app)
    click(app, "why_classes", 3)
    assert "class" not in app.query_params


def test_one_range_is_that_of_all_maps() -> None:
    app = why(methods=["saliency", "input-x-gradient"], one_range="true")
    one, other = (figure(app, f"why_map_{name}")["data"][0] for name in ("saliency", "input-x-gradient"))
    reach = max(np.abs(part["z"]).max() for part in (one, other))
    assert (one["zmin"], one["zmax"]) == pytest.approx((0, reach))
    assert (other["zmin"], other["zmax"]) == pytest.approx((-reach, reach))


def test_methods_are_part_of_the_link_and_at_most_six() -> None:
    app = why(methods=["saliency", "deeplift"])
    assert {key for key in drawn(app) if key.startswith("why_map")} == {
        "why_map_saliency",
        "why_map_deeplift",
    }
    assert len(widget(app, "Methods").options) == 10
    refused = visit("why", {"methods": ["saliency", "nonsense"]})
    assert "The link's methods=saliency, nonsense is not possible here." in said(refused)[0]
    none = why(methods="none")
    assert offered(none) == ["Choose a method above to see its map."]


@pytest.mark.parametrize("parameter", ["class", "against"])
@pytest.mark.parametrize("value", ["10", "-1", "cat", "1" * 40])
def test_a_class_that_is_not_there_is_told(parameter: str, value: str) -> None:
    app = visit("why", {"methods": "saliency", parameter: value})
    (message,) = said(app)
    assert message.startswith(f"The link's {parameter}={value[:20]}")
    assert message.endswith("It can be the number of a class, from 0 to 9.")
    assert "Explained: cat, the answer." in read_page(app)


def test_another_network_is_asked_about_its_own_answer() -> None:
    app = why(methods="saliency", **{"class": "5"})
    choose(app, "Model", "squeezenet1_0")
    app.selectbox(key="model_weights").set_value("squeezenet1_0@random").run()
    finished(app)
    assert "class" not in app.query_params
    assert ", the answer." in read_page(app)


def test_a_method_that_cannot_work_says_why_and_the_others_go_on() -> None:
    app = why(methods=["attention-rollout", "saliency"])
    check_fine(app)
    assert offered(app) == ["Attention rollout needs attention layers, and this network has none."]
    assert "why_map_saliency" in drawn(app)


def test_the_same_map_with_random_weights_tells_an_edge_picture() -> None:
    app = why(methods=["guided-backprop", "saliency"], untrained="true")
    check_fine(app)
    for name, title in (("guided-backprop", "Guided Backprop"), ("saliency", "Saliency")):
        one, other = (
            np.asarray(figure(app, f"why_{kind}_{name}")["data"][0]["z"], np.float64).ravel()
            for kind in ("map", "random")
        )
        ranks = [values.argsort().argsort() for values in (one, other)]  # these maps have no equal values
        agreement = np.corrcoef(ranks[0], ranks[1])[0, 1]
        (told,) = re.findall(f"With random weights {title} puts .* by (.*) \\(1: .*", read_page(app))
        assert float(told) == pytest.approx(agreement, abs=0.0051)
        edges = f"agrees with this one by {told} (1: the same order, 0: unrelated). The map hardly changes"
        assert (edges in read_page(app)) == (agreement >= 0.5)
    of_random = why(methods="saliency", untrained="true", model=f"{MODEL}@random")
    assert "This network has random weights itself" in read_page(of_random)


def test_a_network_that_names_no_class_says_so(serve_toy: Callable[[nn.Module], Workspace]) -> None:
    serve_toy(nn.Sequential(Flaws(float("nan")), nn.Flatten(), nn.Linear(192, 3)))
    app = why(methods="saliency")
    check_fine(app)
    (hint,) = offered(app)
    assert hint.endswith("So there is no class to explain.")


def test_a_constant_network_has_a_map_that_marks_nothing(
    serve_toy: Callable[[nn.Module], Workspace],
) -> None:
    constant = nn.Linear(192, 3)
    nn.init.zeros_(constant.weight)
    serve_toy(nn.Sequential(nn.Flatten(), constant))
    app = why(methods="saliency")
    check_fine(app)
    assert "The map is the same everywhere, so it marks nothing" in read_page(app)
    assert "This map is no better than random: 10 of 10" in read_page(app)


def test_a_network_that_fails_says_so(serve_toy: Callable[[nn.Module], Workspace]) -> None:
    serve_toy(nn.Sequential(nn.Flatten(), nn.Linear(192, 3), Fails()))
    app = why(methods="saliency")
    assert "mat1 and mat2 cannot be multiplied" in said(app)[0]


def test_a_map_can_be_stopped_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = threading.Event(), attribute

    def held(*args: object, **options: object) -> object:
        options["progress"](3, 7)  # type: ignore[operator]
        assert gate.wait(60)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(explanations, "attribute", held)
    app = visit("why", {"methods": "saliency", "class": "7"})
    assert "why_map_saliency" not in drawn(app)
    (progress,) = app.get("progress")
    assert progress.proto.text == "3 of 7 passes"
    press(app, "Cancel")
    gate.set()
    finished(app)
    assert "Stopped before it was done." in read_page(app)
    press(app, "Make it")
    assert "why_map_saliency" in drawn(finished(app))


def test_a_test_in_work_tells_its_passes_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = threading.Event(), put_to_test

    def held(*args: object, **options: object) -> object:
        options["progress"](3, 7)  # type: ignore[operator]
        assert gate.wait(60)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(explanations, "put_to_test", held)
    app = visit("why", {"methods": "saliency", "class": "6"})
    (progress,) = app.get("progress")
    assert progress.proto.text == "Being put to the test: 3 of 7 passes"
    press(app, "Cancel")
    (progress,) = app.get("progress")
    assert progress.proto.text == "Stops as soon as the network lets it"
    gate.set()
    finished(app)
    assert "Stopped before it was done." in read_page(app)
    monkeypatch.undo()
    press(app, "Make it")
    assert {"why_map_saliency", "why_test_saliency"} <= drawn(finished(app))


def test_a_cache_without_room_says_so_and_makes_nothing_over_and_over(
    new_server: Callable[..., Workspace],
) -> None:
    workspace = new_server(ACTVIZ_CACHE_MB="1")
    monstrous = workspace.explanations._store
    monstrous._calls._capacity = 2500  # bytes: the prediction has room, no map
    app = why(methods="saliency")
    assert "the cache has no room to keep it" in read_page(app)


def test_start_leads_there_with_the_answers_name() -> None:
    links = [as_read(link.proto.label) for link in visit("start").get("page_link")]
    assert "Why cat?" in links


def test_the_words_that_stand_for_a_map_name_the_class() -> None:
    app = why(methods="saliency", against="5")
    assert described(app, "why_map_saliency").endswith("that matter for cat rather than dog")


def test_a_link_gone_back_to_names_the_class_again_and_a_turned_page_keeps_it() -> None:
    app = why(methods="saliency")
    click(app, "why_classes", 5)
    go_to(app, "layers")
    app.query_params.clear()
    go_to(app, "why")
    assert "Explained: dog, which is not the answer." in read_page(finished(app))
    assert app.query_params["class"] == "5"
    del app.query_params["class"]
    go_back(app)
    assert "Explained: cat, the answer." in read_page(finished(app))
