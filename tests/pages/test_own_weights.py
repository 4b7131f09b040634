"""The page of uploaded weights: what fits becomes a model key, what does not is explained."""

import io
from typing import Any

import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor

from actviz_core import load_model
from tests.pages.visit import (
    about,
    check_fine,
    choose,
    described,
    drawn,
    go_to,
    offered,
    press,
    read_page,
    said,
    visit,
)


class Payload:
    """What a pickle can do: call anything when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("1 + 1",)


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def state_of(key: str) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in load_model(key).module.state_dict().items()}


def upload(app: AppTest, name: str, content: bytes) -> None:
    app.file_uploader(key="weights_upload").set_value((name, content, "application/octet-stream")).run()


def test_nothing_is_kept_at_first(new_server: Any) -> None:
    new_server()
    app = visit("weights")
    check_fine(app)
    assert offered(app) == ["Nothing has been uploaded yet."]


def test_weights_that_fit_are_chosen_kept_renamed_and_deleted(new_server: Any) -> None:
    new_server()
    app = visit("weights")
    state = state_of("cifar-resnet20")
    state["fc.bias"] += 1
    upload(app, "ours.pt", saved(state))
    check_fine(app)
    (message,) = app.success
    assert "ours.pt is here as cifar" in message.value.replace("\\", "")
    key = app.session_state["view"].model_key
    assert key.startswith("cifar-resnet20@")
    short = key.split("@")[1]
    go_to(app, "compare")
    assert "weights ours.pt" in read_page(app).replace("*", "")
    assert short not in read_page(app)
    press(app, "Trained and untrained")
    assert described(app, "compare_board") == "2 panels: 1 random; 2 ours.pt"
    told = about(app, "compare_board")
    assert "cifar-resnet20@random and cifar-resnet20@ours.pt, " in told["title"]
    assert "ours.pt" in told["name"]
    assert short not in told["title"] + told["name"]
    assert "ours.pt" in told["source"]
    go_to(app, "activations")
    told = about(app, "activations_grid")
    assert " of cifar-resnet20@ours.pt, cat" in told["title"]
    assert short not in told["title"] + told["name"]
    go_to(app, "samples")
    assert about(app, "samples_top5")["source"] == "cifar-resnet20@ours.pt  |  bundled-cifar10/0"
    go_to(app, "weights")
    assert f"{key}, " in read_page(app)
    assert "MB, in hand" in read_page(app)
    press(app, "Look inside")  # also of what is in hand
    assert app.title[0].value == "Activations"
    assert "activations_grid" in drawn(app)
    choose(app, "Weights", "cifar-resnet20@random")
    go_to(app, "weights")
    assert "in hand" not in read_page(app)
    press(app, "Look inside")
    check_fine(app)
    assert app.title[0].value == "Activations"
    assert app.session_state["view"].model_key == key
    go_to(app, "weights")
    app.text_input(key=f"name-cifar-resnet20-{short}").set_value("run 7").run()
    assert "run 7" in read_page(app)
    app.button(key=f"delete-cifar-resnet20-{short}").click().run()
    check_fine(app)
    assert app.session_state["view"].model_key == "cifar-resnet20"
    assert offered(app) == ["Nothing has been uploaded yet."]


def test_weights_of_another_network_are_told_apart_tensor_by_tensor(new_server: Any) -> None:
    new_server()
    app = visit("weights")
    upload(app, "theirs.pth", saved(state_of("resnet18@random")))
    (message,) = said(app)
    assert "theirs.pth does not fit cifar-resnet20" in message
    assert "It fits resnet18" in offered(app)[0]
    table = app.dataframe[0].value
    assert "layer2.0.downsample.0.weight" in set(table["Tensor"][table["Problem"] == "unexpected"])
    assert "missing" in set(table["Problem"])
    wrong = table[table["Tensor"] == "conv1.weight"].iloc[0]
    assert (wrong["Problem"], wrong["Expected"], wrong["Found"]) == (
        "wrong shape",
        "16 x 3 x 3 x 3",
        "64 x 3 x 7 x 7",
    )


def test_a_file_that_would_run_code_is_refused_with_what_it_asked_for(new_server: Any) -> None:
    new_server()
    app = visit("weights")
    upload(app, "evil.pt", saved({"fc.bias": Payload()}))
    (message,) = said(app)
    assert "eval" in message
    assert "state_dict" in message
