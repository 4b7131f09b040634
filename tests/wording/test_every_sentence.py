"""Every claim of every sentence about a layer holds for its values, whatever the layer."""

import numpy as np
import pytest

from actviz_core.analysis import channel_statistics
from actviz_core.wording.layers import channel_sentence, layer_sentence, strength_sentence
from actviz_core.wording.places import place_of
from tests.wording.any_layers import FLAWS, SHAPES, VALUES, Maps, layers
from tests.wording.claims import LAYER, Layer, check_sentence, place_holds
from tests.wording.claims_of_channels import channel_patterns

COUNT = 500
PARTS = 20


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_said_of_a_layer_and_its_channels_is_true(part: int) -> None:
    for kind, maps in list(layers(COUNT))[part::PARTS]:
        truth, statistics = Layer(maps), channel_statistics(maps)
        try:
            check_sentence(layer_sentence(statistics, maps.shape), truth, LAYER)
            check_sentence(strength_sentence(statistics), truth, LAYER)
            for channel in range(len(maps)):
                said = channel_sentence(statistics, channel, maps.shape)
                check_sentence(said, truth, channel_patterns(channel))
        except AssertionError as untrue:
            raise AssertionError(f"{kind}: {untrue}") from untrue


def test_a_sentence_names_all_it_should() -> None:
    for kind, maps in layers(COUNT):
        truth = Layer(maps)
        said = layer_sentence(channel_statistics(maps), maps.shape)
        if truth.largest > 0:
            strongest = "strongest" in said or "answer equally strongly" in said or len(maps) == 1
            assert strongest, f"{kind}: {said}"
        for what, flawed in ((" number", np.isnan(maps)), (" infinite", np.isinf(maps))):
            assert (what in said) == bool(flawed.any()), f"{kind}: {said}"


@pytest.mark.parametrize("part", range(4))
def test_what_is_said_of_a_networks_answer_is_true(part: int) -> None:
    for kind, maps in list(layers(COUNT))[part::4]:
        if maps[0].size > 1 or len(maps) < 2:
            continue
        names = [f"class {number * 7}" for number in range(len(maps))]
        said = layer_sentence(channel_statistics(maps), maps.shape, names=names)
        check_sentence(said, Layer(maps, names), LAYER)
        assert ("highest value" in said) == bool(np.isfinite(maps).any()), f"{kind}: {said}"


@pytest.mark.parametrize(
    "shape", [(rows, columns) for rows in range(1, 12) for columns in (1, 2, 3, 7, 14, 32)]
)
def test_the_words_for_a_place_fit_its_cell(shape: tuple[int, int]) -> None:
    for row, column in np.ndindex(shape):
        assert place_holds(place_of(row, column, shape), row, column, *shape), (row, column)


def test_the_layers_are_of_every_kind() -> None:
    kinds = [set(kind.partition(": ")[2].split(", ")) for kind, _ in layers(COUNT)]
    assert set().union(*kinds) == {*SHAPES, *VALUES, *FLAWS}
    words = {word for _, maps in layers(COUNT) for word in Layer(maps).words}
    assert words == {"silent", "nearly silent", "weak", "strong", "unknown"}


def untrue(maps: Maps, said: str) -> bool:
    try:
        check_sentence(said, Layer(maps), LAYER)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("1 of 4 channels is silent: 1", "1 of 4 channels is silent: 2"),
        ("1 is nearly silent: 2", "1 is nearly silent: 0"),
        ("1 is weak, 1 is strong", "2 are weak"),
        ("channel 3 answers strongest", "channel 0 answers strongest"),
        ("below zero, near the upper left", "above zero, near the upper left"),
        ("upper left", "lower left"),
        ("1 of 36 values is not a number", "2 of 36 values are not numbers"),
    ],
)
def test_a_claim_that_is_not_true_is_found(right: str, wrong: str) -> None:
    maps = np.zeros((4, 3, 3))
    maps[0, 1, 1], maps[2, 1, 1], maps[3, 0, 0], maps[0, 2, 2] = 1, 0.01, -4, np.nan
    said = layer_sentence(channel_statistics(maps), maps.shape)
    assert right in said
    assert not untrue(maps, said)
    assert untrue(maps, said.replace(right, wrong))
