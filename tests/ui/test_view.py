"""A view as a link, and its layers as rows of the tree."""

import torch
from torch import nn

from actviz_core.hooks import module_tree
from actviz_core.ui.layer_table import chosen_names, summary_of_choice
from actviz_core.ui.view import View, link_of
from tests.toy_models import CountedNet

ROWS = module_tree(CountedNet(), torch.zeros(1, 3, 8, 8))


def view(*layers: str) -> View:
    return View("cifar-resnet20", "bundled-cifar10/0", layers)


def test_a_view_becomes_the_parameters_of_its_link() -> None:
    assert link_of(view("conv1", "relu#2")) == {
        "model": ["cifar-resnet20"],
        "image": ["bundled-cifar10/0"],
        "layers": ["conv1", "relu#2"],
    }


def test_what_a_view_lacks_is_no_parameter() -> None:
    assert link_of(View(None, None, ())) == {}
    assert link_of(View(None, "patterns/3", ())) == {"image": ["patterns/3"]}


def test_calls_belong_to_the_row_of_their_layer() -> None:
    assert chosen_names(ROWS, view("relu#2", "conv", "relu#1", "gone")) == ["relu", "conv"]


def test_the_choice_is_summed_up_in_one_line() -> None:
    assert summary_of_choice(ROWS, view()) == "No layer chosen yet."
    assert summary_of_choice(ROWS, view("conv")) == r"1 layer chosen\: 4 channels"
    assert summary_of_choice(ROWS, view("conv", "fc", "idle")) == r"3 layers chosen\: 4 \+ 3 \+ none channels"


def test_a_long_choice_is_cut_short() -> None:
    rows = module_tree(nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(8))), torch.zeros(1, 3, 2, 2))
    chosen = view(*(str(layer) for layer in range(8)))
    assert summary_of_choice(rows, chosen).endswith(r"3 \+ 3 \+ 3 \+ 3 \+ 3 \+ 3 \+ \.\.\. channels")
