"""Sentences about layers and channels, and notes about kinds of layers."""

import numpy as np
import pytest

from actviz_core.analysis import channel_statistics
from actviz_core.units import NO_BREAK
from actviz_core.wording.layers import channel_sentence, layer_sentence, strength_sentence
from actviz_core.wording.notes import layer_note
from actviz_core.wording.places import place_of


def sentence(maps: np.ndarray) -> str:
    return layer_sentence(channel_statistics(maps), maps.shape).replace(NO_BREAK, " ")


def of_channel(maps: np.ndarray, channel: int) -> str:
    return channel_sentence(channel_statistics(maps), channel, maps.shape).replace(NO_BREAK, " ")


def maps_with(channels: int, *, active: int, at: tuple[int, int] = (0, 0)) -> np.ndarray:
    """6 x 6 maps of which the last `active` answer at one cell, the last one strongest."""
    maps = np.zeros((channels, 6, 6), np.float32)
    maps[(np.arange(channels - active, channels), *at)] = np.arange(1, active + 1)
    return maps


def vector(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1)


def test_silent_and_nearly_silent_channels_are_named_the_others_counted() -> None:
    assert sentence(vector(100, 0, 1, 1.1, 50, 49.9, 0.5)) == (
        "For this picture, 1 of 7 channels is silent: 1; 2 are nearly silent: 2, 6; "
        "2 are weak, 2 are strong; channel 0 answers strongest."
    )


def test_of_many_silent_channels_some_are_named() -> None:
    assert sentence(maps_with(64, active=23)) == (
        "For this picture, 41 of 64 channels are silent: 0, 1, 2, 3, 4, 5, 6, 7 and 33 more; "
        "11 are weak, 12 are strong; channel 63 answers strongest, near the upper left corner."
    )


def test_no_silent_channel() -> None:
    assert sentence(maps_with(2, active=2, at=(3, 3))) == (
        "For this picture, none of 2 channels is silent or nearly silent; 2 are strong; "
        "channel 1 answers strongest, near the centre."
    )


def test_only_nearly_silent_channels() -> None:
    assert sentence(vector(200, 1)).startswith("For this picture, 1 of 2 channels is nearly silent: 1;")


def test_all_silent() -> None:
    assert sentence(maps_with(1234, active=0)) == "All 1,234 channels are silent for this picture."


def test_a_layer_of_one_channel() -> None:
    assert sentence(maps_with(1, active=0)) == "The only channel is silent for this picture."
    assert sentence(maps_with(1, active=1, at=(2, 5))) == (
        "The only channel answers to this picture; it is strongest near the right edge."
    )
    assert sentence(np.full((1, 2, 2), np.nan)) == (
        "The only channel holds no usable value; 4 of 4 values are not numbers."
    )


def test_the_strongest_channel_goes_furthest_from_zero_on_either_side() -> None:
    maps = maps_with(3, active=3, at=(5, 0))
    maps[0, 0, 5] = -7
    assert sentence(maps).endswith("; channel 0 answers strongest, below zero, near the upper right corner.")
    maps[0, 0, 5], maps[1, 0, 5] = -0.5, -1
    assert sentence(maps).endswith("; channel 2 answers strongest, above zero, near the lower left corner.")
    maps[2, 0, 0] = -3
    assert sentence(maps).endswith("; channel 2 answers strongest, as far below zero as above.")


def test_a_value_at_several_places_has_none_of_them_named() -> None:
    maps = maps_with(2, active=2)
    maps[1, 3, 3:] = 2
    assert sentence(maps).endswith("; channel 1 answers strongest, equally at 4 places.")
    maps[1] = 2
    assert sentence(maps).endswith("; channel 1 answers strongest, the same everywhere.")


def test_values_that_are_not_finite_are_said() -> None:
    maps = maps_with(1400, active=3)
    maps[0, 1, :3] = np.nan
    maps[1, 0, 0] = np.inf
    said = sentence(maps)
    assert said.endswith("; 3 of 50,400 values are not numbers; 1 of 50,400 values is infinite.")
    assert said.startswith("For this picture, 1,395 of 1,400 channels are silent: 2, 3, 4,")
    assert "; 2 cannot be told, with values that are not finite: 0, 1;" in said
    maps[0, 1, 1:3] = 0
    assert "; 1 of 50,400 values is not a number;" in sentence(maps)


def test_a_layer_of_nothing_but_nan() -> None:
    assert sentence(np.full((2, 1, 2), np.nan)) == (
        "None of the 2 channels holds a usable value; 4 of 4 values are not numbers."
    )


def test_how_strong_channels_are_can_be_said_alone() -> None:
    assert strength_sentence(channel_statistics(vector(2, 0, 3))) == (
        "For this picture, 1 of 3 channels is silent: 1; 2 are strong."
    )


def test_a_channel_after_a_relu() -> None:
    maps = maps_with(3, active=2, at=(0, 5))
    assert of_channel(maps, 0) == "Channel 0 is silent: it is zero everywhere for this picture."
    assert of_channel(maps, 2) == (
        "Channel 2 is strong: active in 3 % of its cells; "
        "its highest value, 2, is near the upper right corner, in row 0, column 5."
    )


def test_a_nearly_silent_channel_says_by_what_it_is_measured() -> None:
    maps = maps_with(2, active=2)
    maps[0, 0, 0] = 0.02
    assert of_channel(maps, 0) == (
        "Channel 0 is nearly silent: it never goes beyond 1 % of the layer's largest distance from zero, 2; "
        "its highest value, 0.02, is near the upper left corner, in row 0, column 0."
    )


def test_above_and_below_zero_are_named_apart() -> None:
    maps = np.zeros((3, 2, 4), np.float32)
    maps[0, 0] = [4, -1, -1, 0.01]
    maps[1, 0, 1:3] = -3
    maps[2, 1, 3] = 1
    assert of_channel(maps, 0) == (
        "Channel 0 is strong: active above zero in 12 % of its cells, below zero in 25 %; "
        "its highest value, 4, is in row 0, column 0; its lowest value, -1, is at 2 places."
    )
    assert of_channel(maps, 1) == (
        "Channel 1 is strong: active below zero in 25 % of its cells, nowhere above; "
        "its lowest value, -3, is at 2 places."
    )
    assert of_channel(maps, 2) == (
        "Channel 2 is weak: active above zero in 12 % of its cells, nowhere below; "
        "its highest value, 1, is in row 1, column 3."
    )


def test_channels_of_one_cell_or_without_any_value() -> None:
    assert of_channel(vector(0.12345, np.nan), 0) == "Channel 0 is strong: its value is 0.1235."
    assert of_channel(vector(0.12345, np.nan), 1) == (
        "Channel 1 holds no usable value; 1 of 1 values is not a number."
    )
    assert of_channel(np.array([[[0, np.nan]], [[1.0, 2]]]), 0) == (
        "Channel 0 is unknown: it is zero wherever its values are finite; 1 of 2 values is not a number."
    )


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [
        (0, 0, "near the upper left corner"),
        (0, 31, "near the upper right corner"),
        (8, 2, "in the upper left"),
        (24, 24, "in the lower right"),
        (16, 15, "near the centre"),
        (2, 16, "near the top edge"),
        (8, 16, "above the centre"),
        (29, 16, "near the bottom edge"),
        (22, 16, "below the centre"),
        (16, 2, "near the left edge"),
        (16, 25, "right of the centre"),
        (16, 9, "left of the centre"),
    ],
)
def test_places_in_a_map(row: int, column: int, place: str) -> None:
    assert place_of(row, column, (32, 32)) == place


@pytest.mark.parametrize(
    ("type_name", "word"),
    [
        ("Conv2d", "filter"),
        ("torch.nn.modules.conv.Conv2d", "filter"),
        ("Conv2dNormActivation", "filter"),
        ("BatchNorm2d", "scales"),
        ("ReLU", "positive"),
        ("ReLU6", "positive"),
        ("GELU", "curve"),
        ("Hardswish", "curve"),
        ("MaxPool2d", "strongest"),
        ("AdaptiveAvgPool2d", "Averages"),
        ("Linear", "score"),
        ("Sequential", "one after the other"),
        ("BasicBlock", "short cut"),
        ("Bottleneck", "short cut"),
        ("Flatten", "row"),
        ("Identity", "unchanged"),
        ("Dropout", "training"),
        ("Softmax", "100 %"),
        ("Add", "Adds"),
        ("LayerNorm", "place"),
        ("MultiheadAttention", "every other place"),
        ("SomethingNew", "One layer of the network"),
    ],
)
def test_notes_fit_the_type(type_name: str, word: str) -> None:
    assert word in layer_note(type_name)


def test_the_answer_is_called_by_its_class_and_its_highest_value_counts() -> None:
    logits = vector(-10.0, 4.5, 2.0)
    told = layer_sentence(channel_statistics(logits), logits.shape, names=("ant", "bee", "cat"))
    assert told == (
        "For this picture, none of 3 channels is silent or nearly silent; 2 are weak, 1 is strong; "
        "channel 1 (bee) has the highest value, 4.5."
    )


def test_channels_that_answer_equally_are_not_told_apart() -> None:
    assert sentence(np.ones((3, 4, 4), np.float32)).endswith(
        "; 3 channels answer equally strongly, and none more strongly."
    )


def test_a_channel_that_is_the_same_everywhere_has_no_place_of_its_highest_value() -> None:
    maps = np.full((1, 4, 4), 2.5, np.float32)
    assert of_channel(maps, 0) == "Channel 0 is strong and the same everywhere in the picture: 2.5."
