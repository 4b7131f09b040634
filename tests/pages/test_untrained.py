"""Networks that have learned nothing, or of which nobody knows: nothing is said that training makes true."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from actviz_core.models import load_model
from actviz_core.tasks import Training
from actviz_core.ui.shell.answers import RANDOM_WEIGHTS
from actviz_core.workspace.shared import Workspace
from tests.pages.visit import as_read, check_fine, click, described, read_page, shown_channels, visit
from tests.toy_models import CountedNet

ServeToy = Callable[[nn.Module], Workspace]
PAGES = ["start", "samples", "layers", "activations", "channel", "compare", "why", "weights", "about"]
LEARNED = ("edges", "textures", "whole things", "what the picture is about", "network says")


class Constant(nn.Module):
    """Answers every picture with the same score for each of three classes."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.first = nn.Identity()
        self.score = score

    def forward(self, x: Tensor) -> Tensor:
        return torch.full_like(self.first(x).mean((2, 3)), self.score)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("key", ["cifar-resnet20@random", "resnet18@random"])
def test_random_weights_are_told_on_every_page(page: str, key: str) -> None:
    app = visit(page, {"model": key, "layers": "layer1.0.conv1"})
    check_fine(app)
    said = read_page(app)
    assert said.count(RANDOM_WEIGHTS) == 1
    assert not [words for words in LEARNED if words in said.lower()]
    assert "By chance: **" in said


def test_the_card_of_the_trained_weights_says_that_those_in_hand_are_random() -> None:
    assert read_page(visit("card", {"model": "cifar-resnet20@random"})).count(RANDOM_WEIGHTS) == 1


@pytest.mark.parametrize("page", PAGES)
def test_trained_weights_are_not_called_random(page: str) -> None:
    app = visit(page)
    check_fine(app)
    assert RANDOM_WEIGHTS not in read_page(app)
    assert "By chance" not in read_page(app)


def test_a_trained_networks_stages_say_what_such_layers_often_do() -> None:
    said = read_page(visit())
    assert "After training, early layers often answer to edges and colours. " in said


def test_of_a_networks_training_that_nobody_knows_nothing_is_claimed(serve_toy: ServeToy) -> None:
    serve_toy(CountedNet())
    said = read_page(visit())
    assert RANDOM_WEIGHTS not in said
    assert not [words for words in LEARNED[:-1] if words in said.lower()]


def test_a_layer_of_nothing_but_nan_is_said_to_hold_no_value(serve_toy: ServeToy) -> None:
    serve_toy(Constant(math.nan))
    said = read_page(visit("start", {"layers": "first"}))
    assert "The network gave no usable answer." in said
    serve_toy(nn.Sequential(NotANumber(), nn.Flatten(), nn.Linear(3 * 64, 3)))
    app = visit("start", {"layers": "0"})
    check_fine(app)
    assert "None of the 3 channels holds a usable value." in read_page(app)


class NotANumber(nn.Module):
    """Returns NaN everywhere."""

    def forward(self, x: Tensor) -> Tensor:
        return x * math.nan


@pytest.mark.parametrize("page", ["start", "samples"])
def test_classes_that_all_tie_are_undecided_and_none_is_named(serve_toy: ServeToy, page: str) -> None:
    serve_toy(Constant(0.5))
    app = visit(page, {"layers": "first"})
    check_fine(app)
    assert "Network says: undecided, 3 classes tie at 33 %" in read_page(app)
    assert "**ant**" not in read_page(app)
    links = [as_read(link.proto.label) for link in app.get("page_link")]
    assert not [label for label in links if "ant" in label]
    assert ("Why?" in links) is (page == "start")


def test_a_picture_that_shows_none_of_the_classes_is_told_with_those_it_can_name() -> None:
    app = visit("samples", {"image": "bundled-imagenet/3"})
    assert 'None of its classes is called "buckeye".' in read_page(app)
    (line,) = (text for text in app.sidebar.markdown if "Network says" in text.value)
    assert "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck" in as_read(line.proto.help)
    assert "unsure" in line.proto.help
    assert "None of its classes" not in read_page(visit("samples", {"image": "bundled-cifar10/3"}))


def test_what_is_known_of_training_comes_with_the_network() -> None:
    assert load_model("cifar-resnet20").training is Training.TRAINED
    assert load_model("cifar-resnet20@epoch-1").training is Training.TRAINED
    assert load_model("cifar-resnet20@random").training is Training.RANDOM
    assert load_model("squeezenet1_1@random").training is Training.RANDOM


def test_a_stage_opens_a_channel_of_its_layer_by_its_number() -> None:
    app = visit()
    channel = shown_channels(app, "story_Middle")[1]
    click(app, "story_Middle", channel)
    check_fine(app)
    assert app.title[0].value == "Activations"
    assert described(app, "activations_channel").startswith(f"Channel {channel} ")


@pytest.mark.parametrize("overview", ["mean", "max", "PCA"])
def test_one_map_for_all_channels_is_not_taken_for_what_mattered(overview: str) -> None:
    app = visit("activations", {"layers": "layer2.0.conv1", "overview": overview})
    check_fine(app)
    assert "It does not show what mattered for the answer." in read_page(app)
