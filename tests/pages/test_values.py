"""Gradients on Activations and Compare: true values, true sentences, and why where there are none."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from actviz_core import capture, capture_gradients, load_model
from actviz_core.export import Provenance, Run, replay_script, replay_zip
from actviz_core.samples import open_sample
from actviz_core.workspace.gradients import Followed, Values
from actviz_core.workspace.shared import Workspace
from tests.export.unpacking import unpack
from tests.hooks.gradient_reference import hooked_gradients
from tests.pages.truth import IMAGE, model, truth
from tests.pages.visit import (
    check_fine,
    choose,
    drawn,
    figure,
    offered,
    read_page,
    said,
    shown_channels,
    tile,
    visit,
    widget,
)
from tests.toy_models import Flaws

LAYER = "layer2.0.conv1"
PRODUCT = "gradient x activation"


def gradient(call: str, index: int = 3, key: str = "cifar-resnet20") -> npt.NDArray[np.float32]:
    """By a plain hook, without the batch."""
    network = model(key)
    x = network.preprocess(open_sample(IMAGE).image)
    found = hooked_gradients(network.module, x, lambda answer: answer[0, index])[call]
    assert found is not None
    return found[0].numpy()


def extreme(maps: npt.NDArray[np.float32], *, lowest: bool) -> int:
    flat = maps.reshape(len(maps), -1)
    return int((flat.min(1).argmin()) if lowest else flat.max(1).argmax())


@pytest.mark.parametrize(("link", "index"), [({}, 3), ({"class": "5"}, 5)])
def test_every_channels_gradient_is_that_of_a_hook_to_the_bit(link: dict[str, str], index: int) -> None:
    app = visit("activations", {"layers": LAYER, "values": "gradient", **link})
    check_fine(app)
    maps = gradient(LAYER, index)
    for channel in shown_channels(app):
        assert tile(app, channel, maps.shape).tobytes() == maps[channel].tobytes()
    name = model().classes[index]
    towards, away = extreme(maps, lowest=False), extreme(maps, lowest=True)
    assert f"Channel {towards} pulls hardest towards {name}" in read_page(app)
    assert f"channel {away} pulls hardest away from {name}" in read_page(app)


def test_gradient_times_activation_is_their_product() -> None:
    app = visit("activations", {"layers": LAYER, "values": PRODUCT})
    check_fine(app)
    maps = gradient(LAYER) * truth(LAYER)
    for channel in shown_channels(app):
        assert tile(app, channel, maps.shape).tobytes() == maps[channel].tobytes()
    assert f"Channel {extreme(maps, lowest=False)} speaks most for cat" in read_page(app)


def test_a_channel_tells_where_it_pulls() -> None:
    app = visit("activations", {"layers": LAYER, "values": "gradient", "channel": "7"})
    values = gradient(LAYER)[7]
    row, column = np.unravel_index(values.argmax(), values.shape)
    share = f"{(values > 0).mean():.0%}".replace("%", " %")
    told = f"Channel 7 pulls towards cat in {share} of the picture, most at row {row}, column {column}"
    assert f"{told}: {values.max():.4g}" in read_page(app)
    row, column = np.unravel_index(values.argmin(), values.shape)
    assert f"most at row {row}, column {column}: {values.min():.4g}" in read_page(app)


def test_switching_to_gradients_and_to_a_class_is_in_the_link() -> None:
    app = visit("activations", {"layers": LAYER})
    choose(app, "Values", Values.GRADIENT)
    check_fine(app)
    assert widget(app, "Of class").value == 3
    choose(app, "Of class", 8)
    assert app.query_params["class"] == "8"
    maps = gradient(LAYER, 8)
    assert tile(app, 0, maps.shape).tobytes() == maps[0].tobytes()
    choose(app, "Values", Values.ACTIVATION)
    assert tile(app, 0, maps.shape).tobytes() == truth(LAYER)[0].tobytes()


def test_a_vector_a_step_and_tokens_have_gradients_too() -> None:
    vector = visit("activations", {"layers": "fc", "values": "gradient"})
    check_fine(vector)
    bars = figure(vector, "activations_grid")["data"][0]
    assert list(bars["x"]) == [float(index == 3) for index in range(10)]
    step = visit(
        "activations", {"model": "resnet18@random", "layers": "layer1.0/add#1", "values": "gradient"}
    )
    check_fine(step)
    assert "pulls hardest towards" in read_page(step)
    tokens = visit(
        "activations",
        {"model": "vit_b_32@random", "layers": "encoder.layers.encoder_layer_2", "values": "gradient"},
    )
    assert said(tokens) == []
    assert "activations_grid" in drawn(tokens)


class Aside(nn.Module):
    """Computes something that its answer does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.aside, self.fc = nn.Conv2d(3, 2, 1), nn.Linear(192, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.aside(x)
        return self.fc(x.flatten(1))


def test_a_call_that_the_class_does_not_depend_on_says_so(
    serve_toy: Callable[[nn.Module], Workspace],
) -> None:
    serve_toy(Aside())
    app = visit("activations", {"layers": "aside", "values": "gradient"})
    check_fine(app)
    (hint,) = offered(app)
    assert hint.startswith("aside has no gradient for ")
    assert hint.endswith("the number does not depend on what it returned.")
    choose(app, "Values", Values.ACTIVATION)
    assert "activations_grid" in drawn(app)


def test_without_a_class_there_is_nothing_to_follow(serve_toy: Callable[[nn.Module], Workspace]) -> None:
    serve_toy(nn.Sequential(Flaws(float("nan")), nn.Flatten(), nn.Linear(192, 3)))
    app = visit("activations", {"layers": "0", "values": "gradient"})
    check_fine(app)
    assert offered(app)[0].endswith("So there is no class to follow back.")


def test_a_link_with_other_values_is_told() -> None:
    app = visit("activations", {"layers": LAYER, "values": "slope"})
    assert said(app) == [
        "The link's values=slope is not possible here. "
        "It can be: activation, gradient, gradient x activation."
    ]
    assert tile(app, 0, truth(LAYER).shape).tobytes() == truth(LAYER)[0].tobytes()


def board_maps(app: Any) -> list[bytes]:
    """The values of each panel's first trace, of one channel."""
    data = figure(app, "compare_board")["data"]
    return [np.asarray(trace["z"], np.float32).tobytes() for trace in data if trace["type"] == "heatmap"]


def test_compare_shows_gradients_in_every_panel() -> None:
    app = visit(
        "compare",
        {"layers": [LAYER, "layer3.0.conv1"], "values": "gradient", "class": "5", "show": "one channel"},
    )
    check_fine(app)
    assert board_maps(app) == [gradient(layer, 5)[0].tobytes() for layer in (LAYER, "layer3.0.conv1")]
    assert "The gradient of dog: red pulls towards the class, blue away from it." in read_page(app)


def test_compare_shows_what_speaks_for_a_class_and_against_it() -> None:
    app = visit("compare", {"layers": [LAYER, "layer3.0.conv1"], "values": PRODUCT, "show": "one channel"})
    check_fine(app)
    expected = [(gradient(layer)[0] * truth(layer)[0]).tobytes() for layer in (LAYER, "layer3.0.conv1")]
    assert board_maps(app) == expected
    told = "The gradient times the activation of cat: red speaks for the class, blue against it."
    assert told in read_page(app)


@pytest.mark.parametrize(
    ("key", "calls", "values"),
    [
        ("cifar-resnet20", (LAYER, "layer1.0.relu1"), Values.GRADIENT),
        ("resnet18@random", ("bn1", "layer1.0.relu#2", "layer4.0.conv1"), Values.PRODUCT),
        ("resnet18@random", ("layer1.0/add#1", "conv1"), Values.GRADIENT),
    ],
)
def test_the_script_computes_the_gradients_again_to_the_bit(
    key: str, calls: tuple[str, ...], values: Values, tmp_path: Path
) -> None:
    network, followed = load_model(key), Followed(values, 4, "any")
    x = network.preprocess(open_sample(IMAGE).image)
    found = dict(capture_gradients(network.module, x, 4, list(calls), steps=True))
    if values is Values.PRODUCT:
        kept = capture(network.module, x, list(calls), steps=True)
        found = {call: found[call] * kept[call] for call in calls}
    named = {followed.of(call): found[call] for call in calls}
    told = Provenance.of(network, IMAGE, list(named))
    picture = open_sample(IMAGE).image
    script = replay_script([Run(network, IMAGE, picture, calls, followed)], npz_name="values.npz")
    unpack(replay_zip(script, named, [told], name="values"), tmp_path)
    done = subprocess.run(
        [sys.executable, "values.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "ACTVIZ_DEVICE": "cpu", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.endswith(f"All {len(calls)} arrays equal values.npz, bit for bit.\n")
    assert "capture_gradients" in script.text or "import capture" not in script.text


def test_gradients_are_not_kept_on_the_network() -> None:
    model().module.zero_grad()
    visit("activations", {"layers": LAYER, "values": "gradient"})
    assert all(parameter.grad is None for parameter in model().module.parameters())
    assert torch.is_grad_enabled()
