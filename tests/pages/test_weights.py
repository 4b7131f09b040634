"""Weights that are not on this machine: said, offered, and never replaced by random ones."""

import threading
import urllib.request
from collections.abc import Mapping
from types import MappingProxyType
from urllib.error import URLError

import pytest

from actviz_core.models import building, find_weights_download
from tests.pages.visit import (
    as_read,
    check_fine,
    choose,
    drawn,
    offered,
    pictures,
    press,
    read_page,
    said,
    visit,
)

PHOTO = "bundled-imagenet/3"


@pytest.mark.parametrize("page", ["start", "samples", "layers", "activations"])
def test_missing_weights_are_told_with_what_to_do_and_nothing_is_drawn_instead(page: str) -> None:
    app = visit(page, {"model": "resnet18", "image": PHOTO, "layers": "layer1.0.conv1"})
    assert said(app) == []
    assert offered(app) == ["The weights of resnet18 are not on this machine (47 MB)."]
    assert [button.label for button in app.button if "Download" in button.label] == [
        "Download these weights (47 MB)"
    ]
    assert drawn(app) <= {"samples_sheet"}
    assert len(app.dataframe) == 0
    assert "Network says" not in read_page(app)
    assert f"The picture in hand: buckeye, {PHOTO}" in pictures(app)
    assert app.query_params == {"model": "resnet18", "image": PHOTO, "layers": "layer1.0.conv1"}


def test_random_weights_are_called_untrained_and_have_to_be_asked_for() -> None:
    app = visit("activations", {"model": "resnet18", "image": PHOTO, "layers": "layer1.0.conv1"})
    choose(app, "Weights", "resnet18@random")
    check_fine(app)
    assert "activations_grid" in drawn(app)
    assert app.query_params["model"] == "resnet18@random"
    box = app.selectbox(key="model_weights")
    assert box.format_func(box.value) == "random (untrained)"


def test_a_press_shows_the_untrained_network_instead() -> None:
    app = visit("activations", {"model": "resnet18", "image": PHOTO, "layers": "layer1.0.conv1"})
    press(app, "Show untrained")
    check_fine(app)
    assert app.query_params["model"] == "resnet18@random"


def test_the_bundled_network_is_always_a_way_back() -> None:
    app = visit("activations", {"model": "resnet18", "image": PHOTO, "layers": "layer1.0.conv1"})
    choose(app, "Model", "cifar-resnet20")
    check_fine(app)
    assert "activations_grid" in drawn(app)


class CutResponse:
    """The answer of a server that sends a quarter of a file, waits, and then is gone."""

    status, length = 200, 8_000_000
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self) -> None:
        self.first, self.waiting, self.go_on = True, threading.Event(), threading.Event()

    def read(self, _count: int) -> bytes:
        if self.first:
            self.first = False
            return bytes(2_000_000)
        self.waiting.set()
        assert self.go_on.wait(60)
        raise ConnectionResetError("gone")

    def __enter__(self) -> "CutResponse":
        return self

    def __exit__(self, *_: object) -> None: ...


def test_a_download_shows_its_progress_then_its_failure_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    response = CutResponse()

    def one_answer_then_no_internet(*_args: object, **_options: object) -> CutResponse:
        if not response.first:
            raise URLError("no internet")
        return response

    monkeypatch.setattr(urllib.request, "urlopen", one_answer_then_no_internet)
    app = visit("activations", {"model": "resnet34", "image": PHOTO, "layers": "conv1"})
    press(app, "Download these weights (87 MB)")
    assert response.waiting.wait(60)
    job = find_weights_download("resnet34")
    assert job is not None
    app.run()
    (bar,) = app.get("progress")
    assert as_read(bar.proto.text) == "2 MB of 8 MB received."
    assert bar.proto.value == 25
    check_fine(visit("activations"))  # everything else goes on
    response.go_on.set()
    job.wait()
    app.run()
    (message,) = said(app)
    assert "(no internet). Check the internet connection and the proxy, then try again" in message
    assert "Try again" in [button.label for button in app.button]
    assert drawn(app) == set()


@pytest.mark.parametrize("page", ["start", "samples", "layers", "activations", "compare"])
def test_a_network_too_large_for_this_server_is_told_and_another_can_be_chosen(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "available_memory", lambda: 10**9)
    app = visit(page, {"model": "vit_h_14", "image": PHOTO, "layers": "encoder"})
    assert said(app) == [
        "vit_h_14 needs 2.53 GB of memory, and 1.00 GB are free here. Choose a smaller network, or start the "
        "server on a machine with more memory."
    ]
    assert app.query_params["model"] == "vit_h_14"
    choose(app, "Model", "cifar-resnet20")
    check_fine(app)
