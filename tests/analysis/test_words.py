"""Sentences about layers and channels, and notes about kinds of layers."""

import numpy as np
import pytest

from actviz_core.analysis import (
    channel_sentence,
    channel_statistics,
    layer_note,
    layer_sentence,
    place_of,
    share_in_words,
)


def sentence(maps: np.ndarray) -> str:
    return layer_sentence(channel_statistics(maps), maps.shape)


def maps_with(channels: int, *, active: int, at: tuple[int, int] = (0, 0)) -> np.ndarray:
    """6 x 6 maps of which the last `active` answer at one cell, the last one strongest."""
    maps = np.zeros((channels, 6, 6), np.float32)
    maps[(np.arange(channels - active, channels), *at)] = np.arange(1, active + 1)
    return maps


def test_silent_channels_are_counted_and_the_strongest_is_named_with_its_place() -> None:
    said = sentence(maps_with(64, active=23))
    assert said == (
        "41 of 64 channels are silent for this picture; "
        "channel 63 answers strongest, near the upper left corner."
    )


def test_one_silent_channel_is_singular() -> None:
    assert sentence(maps_with(3, active=2, at=(5, 3))) == (
        "1 of 3 channels is silent for this picture; channel 2 answers strongest, near the bottom edge."
    )


def test_no_silent_channel() -> None:
    assert sentence(maps_with(2, active=2, at=(3, 3))).startswith(
        "None of the 2 channels is silent for this picture;"
    )


def test_all_silent() -> None:
    assert sentence(maps_with(1234, active=0)) == "All 1,234 channels are silent for this picture."


def test_a_layer_of_one_channel() -> None:
    assert sentence(maps_with(1, active=0)) == "The only channel is silent for this picture."
    assert sentence(maps_with(1, active=1, at=(2, 5))) == (
        "The only channel answers to this picture; it is strongest near the right edge."
    )


def test_vectors_have_no_place() -> None:
    assert sentence(np.array([0, 2, 1.0]).reshape(3, 1, 1)) == (
        "1 of 3 channels is silent for this picture; channel 1 answers strongest."
    )


def test_values_that_are_not_finite_are_said() -> None:
    maps = maps_with(1400, active=3)
    maps[0, 1, :3] = np.nan
    maps[1, 0, 0] = np.inf
    assert sentence(maps).endswith("; 3 of 50,400 values are not numbers; 1 of 50,400 values is infinite.")
    maps[0, 1, 1:3] = 0
    assert "; 1 of 50,400 values is not a number;" in sentence(maps)


def test_a_layer_of_nothing_but_nan() -> None:
    assert sentence(np.full((2, 1, 2), np.nan)) == (
        "None of the 2 channels holds a usable value; 4 of 4 values are not numbers."
    )


def test_channel_sentences() -> None:
    maps = maps_with(3, active=2, at=(0, 5))
    statistics = channel_statistics(maps)
    assert channel_sentence(statistics, 0, maps.shape) == (
        "Channel 0 is silent: it is zero everywhere for this picture."
    )
    assert channel_sentence(statistics, 2, maps.shape) == (
        "Channel 2 is active in 3 % of the picture; "
        "its highest value, 2, is near the upper right corner, in row 0, column 5."
    )
    vector = np.array([0.12345, np.nan]).reshape(2, 1, 1)
    assert channel_sentence(channel_statistics(vector), 0, vector.shape) == "Channel 0 has the value 0.1235."
    assert channel_sentence(channel_statistics(vector), 1, vector.shape) == (
        "Channel 1 holds no usable value; 1 of 1 values is not a number."
    )
    tiny = np.array([[[0, 1.0]]])
    assert channel_sentence(channel_statistics(tiny), 0, tiny.shape).endswith("is in row 0, column 1.")


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
    ("share", "words"),
    [(0, "0 %"), (0.001, "less than 1 %"), (0.234, "23 %"), (0.999, "more than 99 %"), (1, "100 %")],
)
def test_shares_never_round_to_none_or_all(share: float, words: str) -> None:
    assert share_in_words(share) == words


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


def test_the_answer_is_called_by_its_class() -> None:
    logits = np.array([-1.0, 4.5, 2.0], np.float32).reshape(3, 1, 1)
    told = layer_sentence(channel_statistics(logits), logits.shape, names=("ant", "bee", "cat"))
    assert told == "None of the 3 channels is silent for this picture; channel 1 (bee) answers strongest."


def test_channels_that_answer_equally_are_not_told_apart() -> None:
    assert sentence(np.ones((3, 4, 4), np.float32)).endswith(
        "; 3 channels answer equally strongly, and none more strongly."
    )


def test_a_channel_that_is_the_same_everywhere_has_no_place_of_its_highest_value() -> None:
    maps = np.full((1, 4, 4), 2.5, np.float32)
    assert channel_sentence(channel_statistics(maps), 0, maps.shape) == (
        "Channel 0 is the same everywhere in the picture: 2.5."
    )
