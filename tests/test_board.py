"""A panel of the board as a link carries it: parts that it names are pinned, the others follow."""

import pytest

from actviz_core.board import Panel, PanelTextError, Slot

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
