"""A view as a link, and its layers as rows of the tree."""

from collections.abc import Sequence

import torch
from torch import nn

from actviz_core.hooks import ModuleRow, module_tree
from actviz_core.layouts.layout import default_layout
from actviz_core.ui.layers.table import chosen_names, summary_of_choice
from actviz_core.ui.shell.view import View, link_of
from tests.pages.visit import as_read
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


def test_the_switch_for_steps_is_in_the_link_while_it_is_on() -> None:
    on = View("cifar-resnet20", None, (), steps=True)
    assert link_of(on) == {"model": ["cifar-resnet20"], "steps": ["true"]}


def test_what_a_view_lacks_is_no_parameter() -> None:
    assert link_of(View(None, None, ())) == {}
    assert link_of(View(None, "patterns/3", ())) == {"image": ["patterns/3"]}


def test_calls_belong_to_the_row_of_their_layer() -> None:
    assert chosen_names(ROWS, view("relu#2", "conv", "relu#1", "gone")) == ["relu", "conv"]


def summary(rows: Sequence[ModuleRow], *layers: str, memory: int = 440_000) -> str:
    return as_read(
        summary_of_choice(rows, view(*layers), memory, lambda row: default_layout(row.shape or ()))
    )


def test_the_choice_is_summed_up_in_one_line() -> None:
    assert summary(ROWS) == "No layer chosen yet."
    assert summary(ROWS, "conv") == "1 layer chosen: 4 channels, 0.4 MB for one picture"
    assert summary(ROWS, "conv", "fc", "idle", memory=12) == (
        "3 layers chosen: 4 + 3 + none channels, < 0.1 MB for one picture"
    )


def test_steps_are_counted_apart() -> None:
    rows = module_tree(CountedNet(), torch.zeros(1, 3, 8, 8), steps=True)
    assert summary(rows, "/sub#1").startswith("1 step chosen: 4 channels,")
    assert summary(rows, "conv", "/sub", "/mean#1").startswith(
        "1 layer and 2 steps chosen: 4 + 4 + 4 channels,"
    )


def test_a_long_choice_is_cut_short() -> None:
    rows = module_tree(nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(8))), torch.zeros(1, 3, 2, 2))
    assert "chosen: 3 + 3 + 3 + 3 + 3 + 3 + ... channels," in summary(rows, *map(str, range(8)))
