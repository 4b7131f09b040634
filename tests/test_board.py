"""Panels as links carry them (parts that they name are pinned, the others follow), and names of boards."""

import pytest

from actviz_core.board import LONGEST_NAME, board_name, board_title
from actviz_core.names import Panel, PanelTextError, Slot

HAND = ("resnet18", "patterns/3~mirror")


@pytest.mark.parametrize(
    ("text", "shown", "pins"),
    [
        ("net@random,folder/7,conv", Panel("net@random", "folder/7", "conv"), (True, True)),
        ("net,folder/7~mirror,x/add#1", Panel("net", "folder/7~mirror", "x/add#1"), (True, True)),
        (",,conv", Panel("resnet18", "patterns/3~mirror", "conv"), (False, False)),
        (",~,conv", Panel("resnet18", "patterns/3", "conv"), (False, False)),
        (",~noise-0.1,conv", Panel("resnet18", "patterns/3~noise-0.1", "conv"), (False, False)),
        (",folder/7,conv", Panel("resnet18", "folder/7", "conv"), (False, True)),
        ("net,,out[a,b]", Panel("net", "patterns/3~mirror", "out[a,b]"), (True, False)),
    ],
)
def test_what_a_panel_names_is_pinned_and_the_rest_follows(
    text: str, shown: Panel, pins: tuple[bool, bool]
) -> None:
    slot = Slot.parse(text)
    assert str(slot) == text
    assert slot.filled(*HAND) == shown
    assert (slot.pins_network, slot.pins_picture) == pins


def test_a_variant_that_was_pinned_becomes_that_of_the_picture_in_hand() -> None:
    slot = Slot.parse("net,folder/7~mirror,conv")
    assert str(slot.with_picture_in_hand()) == "net,~mirror,conv"
    assert str(slot.with_network_in_hand()) == ",folder/7~mirror,conv"
    assert str(Slot.parse("net,folder/7,conv").with_picture_in_hand()) == "net,,conv"


@pytest.mark.parametrize("text", ["cat", "a,b", ",,", "net,folder/7,"])
def test_a_panel_without_a_call_is_refused(text: str) -> None:
    with pytest.raises(PanelTextError, match=r"is no panel\. A panel is written as model,image,call"):
        Slot.parse(text)


def test_a_board_is_named_after_its_layers_networks_and_pictures() -> None:
    panels = [Panel("cifar-resnet20", "patterns/3", call) for call in ("conv1", "layer1.0.conv1")]
    assert board_title(panels) == "conv1 and layer1.0.conv1 of cifar-resnet20, patterns/3"
    assert board_name(panels) == "conv1-and-layer1.0.conv1-cifar-resnet20-patterns-3"


def test_what_is_many_is_counted() -> None:
    panels = [Panel("resnet18@random", f"patterns/{number}", "conv1") for number in range(4)]
    assert board_title(panels) == "conv1 of resnet18@random, patterns/0 and 3 more"


def test_different_boards_have_different_names_and_none_is_too_long() -> None:
    one, other = ([Panel(f"net@{name}", "patterns/0", "conv1")] for name in ("random", "epoch-1"))
    assert board_name(one) != board_name(other)
    assert len(board_name([Panel("a", "b/0", "x" * 300)])) == LONGEST_NAME
