"""Many layers at once are compared as two are, chance is what shuffling gives, and the sentences are true."""

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from actviz_core.analysis import linear_cka, similarity
from actviz_core.analysis.similarity import Likeness, likeness
from actviz_core.errors import ShapeError
from actviz_core.wording.likeness import (
    chance_sentence,
    cka_text,
    learning_sentence,
    likeness_of_two_sentence,
    likeness_sentence,
    same_layers,
    unusable_sentence,
)

Tables = list[NDArray[np.float32]]


def tables(pictures: int, *channels: int, seed: int = 0) -> Tables:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(pictures, 4))
    return [
        (shared @ rng.normal(size=(4, count)) + rng.normal(size=(pictures, count)) + 3).astype(np.float32)
        for count in channels
    ]


@pytest.mark.parametrize("bytes_held", [1, 2000, 2**27])
@pytest.mark.parametrize("blocks", [3, 512])
def test_every_pair_is_what_two_layers_give(
    monkeypatch: pytest.MonkeyPatch, bytes_held: int, blocks: int
) -> None:
    monkeypatch.setattr(similarity, "HELD", bytes_held)
    monkeypatch.setattr(similarity, "ROWS", blocks)
    first, second = tables(11, 3, 20, 1, 7), tables(11, 5, 30, seed=1)
    told: list[tuple[int, int]] = []
    own = likeness(first, told=lambda done, of: told.append((done, of)))
    assert own.pictures == 11
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    for row, column in itertools.product(range(4), repeat=2):
        assert own.cka[row, column] == pytest.approx(linear_cka(first[row], first[column]), rel=1e-12)
    np.testing.assert_array_equal(own.cka, own.cka.T)
    np.testing.assert_array_equal(own.chance, own.chance.T)
    np.testing.assert_allclose(np.diag(own.cka), 1)
    both = likeness(first, second)
    assert both.cka.shape == both.chance.shape == (4, 2)
    for row, column in itertools.product(range(4), range(2)):
        assert both.cka[row, column] == pytest.approx(linear_cka(first[row], second[column]), rel=1e-12)


def test_only_the_rows_that_count_are_compared() -> None:
    first, second = tables(9, 3, 4)
    rows = np.arange(9) % 3 != 0
    first[0] = np.nan  # a picture that was skipped
    found = likeness([first], [second], rows=rows)
    assert found.pictures == 6
    assert found.cka[0, 0] == pytest.approx(linear_cka(first[rows], second[rows]), rel=1e-12)


def test_chance_is_the_mean_over_all_orders_of_the_pictures() -> None:
    first, second = tables(6, 3, 8)
    every = [linear_cka(first, second[list(order)]) for order in itertools.permutations(range(6))]
    assert likeness([first], [second]).chance[0, 0] == pytest.approx(np.mean(every), rel=1e-9)


def test_what_cannot_be_compared_is_not_a_number() -> None:
    usable, constant, infinite = tables(7, 3, 2, 4)
    constant[:] = 0.1
    infinite[2, 1] = np.inf
    found = likeness([usable, constant, infinite])
    assert found.cka[0, 0] == pytest.approx(1)
    for matrix in (found.cka, found.chance):
        assert np.isnan(matrix).tolist() == [[False, True, True], [True] * 3, [True] * 3]


def test_layers_of_other_pictures_are_refused() -> None:
    with pytest.raises(ShapeError, match="same pictures; got 5 and 6"):
        likeness(tables(5, 2), tables(6, 2))
    with pytest.raises(ShapeError, match=r"pictures > 1; got \(1, 2\)"):
        likeness(tables(1, 2))


def found_of(cka: list[list[float]], chance: float = 0.01, pictures: int = 50) -> Likeness:
    values = np.array(cka)
    return Likeness(values, np.full_like(values, chance), pictures)


NAMES = ["conv1", "layer2.2", "layer3.0", "fc"]


def test_the_sentence_names_the_most_and_the_least_alike() -> None:
    found = likeness(tables(40, 3, 6, 9, 2))
    said = likeness_sentence(found, NAMES)
    parts = re.fullmatch(r"(\S+) and (\S+) are most alike \((.*?)\); (\S+) and (\S+) least \((.*?)\)\.", said)
    assert parts is not None
    values = {
        (NAMES[row], NAMES[column]): found.cka[row, column]
        for row, column in itertools.combinations(range(4), 2)
    }
    most, least = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
    assert parts.groups() == (*most, f"{values[most]:.2f}", *least, f"{values[least]:.2f}")


def test_a_layer_with_itself_makes_no_claim() -> None:
    found = found_of([[1, 0.3, 0.2], [0.3, 1, 0.25], [0.2, 0.25, 1]])
    assert likeness_sentence(found, NAMES[:3]) == (
        "conv1 and layer2.2 are most alike (0.30); conv1 and layer3.0 least (0.20)."
    )


def test_equals_few_pairs_and_none_are_told() -> None:
    equal = found_of([[1, 0.9, 0.9], [0.9, 1, 0.1], [0.9, 0.1, 1]])
    assert likeness_sentence(equal, NAMES[:3]) == (
        "conv1 and layer2.2 are most alike (0.90, as 1 other pair); layer2.2 and layer3.0 least (0.10)."
    )
    assert likeness_sentence(found_of([[1, 0.5], [0.5, 1]]), NAMES[:2]) == (
        "conv1 and layer2.2 are 0.50 alike, from 0 (unrelated) to 1 (alike)."
    )
    same = found_of([[1, 1, 1], [1, 1, 1], [1, 1, 1]])
    assert likeness_sentence(same, NAMES[:3]) == "All 3 pairs of layers are equally alike (1)."
    nothing = found_of([[np.nan, np.nan], [np.nan, np.nan]])
    assert likeness_sentence(nothing, NAMES[:2]) == "No two layers can be compared."


def test_two_runs_are_told_with_their_names_and_their_same_layers() -> None:
    found = found_of([[0.8, 0.4], [0.5, 0.7]])
    said = likeness_of_two_sentence(found, ["a", "b"], ["a", "b"], ("random", "final"))
    assert said == (
        "a of random and a of final are most alike (0.80); a of random and b of final least (0.40). Of the "
        "layers that both have, a is most like the one of its name (0.80) and b least (0.70)."
    )
    assert same_layers(found, ["a", "b"], ["b", "c"]) == {"b": 0.5}
    other = likeness_of_two_sentence(found, ["a", "b"], ["b", "c"], ("random", "final"))
    assert "both have" not in other


def test_checkpoints_are_told_by_the_mean_over_their_same_layers() -> None:
    same = {"random": {"a": 0.2, "b": 0.4}, "epoch 1": {"a": 0.9, "b": 0.7}, "epoch 5": {}}
    assert learning_sentence(same, "final") == (
        "How alike their layers are to the same layers of final, on average: random 0.30, epoch 1 0.80."
    )
    assert learning_sentence({"random": {}}, "final") == (
        "No layer can be compared with the one of its name in final."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1 - 1e-12, "1"),
        (0.9999, "> 0.99"),
        (0.995, "> 0.99"),
        (0.994, "0.99"),
        (0.005, "0.01"),
        (0.0049, "< 0.01"),
        (0.0, "0.00"),
        (np.nan, "none"),
    ],
)
def test_a_value_is_never_rounded_to_alike_or_to_unrelated(value: float, text: str) -> None:
    assert cka_text(value) == text


def test_chance_is_told_where_it_is_not_next_to_nothing() -> None:
    assert chance_sentence([[0.02, 0.09], [np.nan, 0.01]], 400) is None
    assert chance_sentence([np.nan], 400) is None
    assert chance_sentence([[0.02, 0.31]], 1200) == (
        "How much of that is chance: with the 1,200 pictures of one layer shuffled, a pair would be 0.02 to "
        "0.31 alike on average."
    )
    assert "would be 0.31 alike" in str(chance_sentence([0.312, 0.314], 20))


def test_layers_that_cannot_be_compared_are_named() -> None:
    assert unusable_sentence([]) is None
    assert str(unusable_sentence(["a"])).startswith("a cannot be compared: ")
    assert str(unusable_sentence(list("abcde"))).startswith("a, b, c and 2 more cannot be compared: ")
