"""Boards are named after what is on them."""

from actviz_core import board
from actviz_core.board import LONGEST_NAME, Panel, board_name, board_title


def test_a_board_is_named_after_its_layers_networks_and_pictures() -> None:
    panels = board.of_layers("cifar-resnet20", "patterns/3", ["conv1", "layer1.0.conv1"])
    assert board_title(panels) == "conv1 and layer1.0.conv1 of cifar-resnet20, patterns/3"
    assert board_name(panels) == "conv1-and-layer1.0.conv1-cifar-resnet20-patterns-3"


def test_what_is_many_is_counted() -> None:
    panels = board.of_pictures("resnet18@random", [f"patterns/{n}" for n in range(4)], "conv1")
    assert board_title(panels) == "conv1 of resnet18@random, patterns/0 and 3 more"


def test_different_boards_have_different_names_and_none_is_too_long() -> None:
    one = board.of_models(["cifar-resnet20@random", "cifar-resnet20"], "patterns/0", "conv1")
    other = board.of_models(["cifar-resnet20@epoch-1", "cifar-resnet20"], "patterns/0", "conv1")
    assert board_name(one) != board_name(other)
    assert len(board_name([Panel("a", "b/0", "x" * 300)])) == LONGEST_NAME
