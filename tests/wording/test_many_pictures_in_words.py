"""What is said of many pictures is what the counts say, recomputed from the sentence."""

import re

import numpy as np
import pytest

from actviz_core.analysis.accuracy import confusion_part, frequent_mistakes
from actviz_core.analysis.calibration import calibration
from actviz_core.analysis.channel_health import layer_health
from actviz_core.errors import ShapeError
from actviz_core.wording.accuracy import accuracy_sentence, calibration_sentence
from actviz_core.wording.health import all_layers_sentence, health_sentence


def number(text: str) -> float:
    """A number as sentences write it."""
    return float(text.replace(",", ""))


def as_read(text: str) -> str:
    """Spaces at which no line ends are spaces."""
    return text.replace("\xa0", " ")


@pytest.mark.parametrize("seed", range(20))
def test_the_most_frequent_mistakes_are_named_in_their_order(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 4, (4, 6))
    right = np.eye(4, 6, dtype=bool)
    found = frequent_mistakes(counts, right, 5)
    wrong = sorted((-int(counts[r, c]), r, c) for r in range(4) for c in range(6) if r != c and counts[r, c])
    assert found == [(r, c, -minus) for minus, r, c in wrong[:5]]


def test_right_answers_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="one shape"):
        frequent_mistakes(np.zeros((2, 2), np.int64), np.eye(3, dtype=bool))


def test_of_a_large_matrix_the_rows_with_most_mistakes_are_drawn_with_their_own_columns() -> None:
    counts = np.diag(np.arange(10, 40)).astype(np.int64)
    counts[3, 7], counts[20, 1], counts[9, 9] = 5, 6, 0
    right = np.eye(30, dtype=bool)
    rows, columns = confusion_part(counts, right, 2)
    assert rows.tolist() == [3, 20]
    assert columns.tolist() == [3, 20]
    rows, columns = confusion_part(counts, right, 40)
    assert 9 not in rows
    assert len(rows) == 29
    assert columns.tolist() == [*rows.tolist()]
    few, said = confusion_part(counts[[3]], right[[3]], 5)
    assert (few.tolist(), said.tolist()) == ([0], [3, 7])


@pytest.mark.parametrize("seed", range(40))
def test_the_sentence_on_accuracy_says_what_was_counted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = int(rng.integers(1, 5000))
    right = int(rng.integers(0, known + 1))
    among = int(rng.integers(right, known + 1))
    said = as_read(accuracy_sentence(right, known, among, [("cat", "dog", 3), ("dog", "cat", 1)]))
    if right == known:
        assert said.startswith("All right: ")
        assert said.endswith("It makes no mistake.")
    else:
        assert "cat for dog, 3 times; dog for cat, once." in said
        share = re.match(r"([<>]? ?)([\d.]+) % right", said)
        assert share is not None
        exact = 100 * right / known
        assert abs(number(share[2]) - exact) <= (0.05001 if not share[1].strip() else 0.1)
    if known > 1:
        assert f"{right:,} of {known:,}." in said
    if among == known:
        assert "for all of them." in said


@pytest.mark.parametrize("seed", range(40))
def test_the_sentence_on_calibration_says_which_way_it_is_off(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sure = rng.uniform(0, 1, 60)
    right = rng.uniform(0, 1, 60) < rng.uniform(0, 1)
    said = as_read(calibration_sentence(calibration(sure, right)))
    gap = sure.mean() - right.mean()
    if abs(gap) < 0.0049:
        assert said.startswith("It is as sure as it is right")
    elif abs(gap) > 0.0051:
        assert said.startswith("It is more sure" if gap > 0 else "It is less sure")
        told = re.search(r"than right: ([\d.]+) % on average, right ([\d.]+) %", said)
        if told is not None:  # very small shares are written with "<"
            assert abs(number(told[1]) - 100 * sure.mean()) < 0.051
            assert abs(number(told[2]) - 100 * right.mean()) < 0.051


@pytest.mark.parametrize("seed", range(40))
def test_the_sentences_on_channels_count_what_is_silent_and_what_is_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures, channels = 200, int(rng.integers(1, 12))
    mean = rng.normal(size=(pictures, channels)).astype(np.float32)
    silent = rng.choice([0, 3, 198, 200], channels)
    mean[:, silent == pictures] = 0
    if channels > 2 and seed % 2:
        mean[:, 1] = 3 * mean[:, 0] + 1
    health = layer_health(mean, silent, np.zeros(channels, np.int64), rng.integers(0, 3, pictures))
    said = health_sentence("conv", health)
    dead = [at for at in range(channels) if silent[at] == 200]
    rare = [at for at in range(channels) if silent[at] == 198]
    if dead:
        verb = "is" if len(dead) == 1 else "are"
        named = f" ({', '.join(map(str, dead))})" if len(dead) <= 8 else ""
        assert said.startswith(
            f"{len(dead)} of {channels} channels in conv {verb} silent in all pictures{named}."
        )
    else:
        assert said.startswith(f"None of {channels} channels in conv is silent in all pictures.")
    assert (f"{len(rare)} more" in said) == bool(rare)
    with np.errstate(invalid="ignore"):
        table = np.atleast_2d(np.corrcoef(mean.T.astype(np.float64)))
    pairs = int((np.triu(np.nan_to_num(table), 1) > 0.95).sum())
    assert ("nearly the same" in said) == bool(pairs)
    together = all_layers_sentence([("conv", health), ("", health)])
    count = 2 * len(dead)
    assert together.startswith(f"{count} of {2 * channels}" if count else f"None of {2 * channels} channels")
    if dead:
        assert f"{len(dead)} in conv, {len(dead)} in the answer" in together


def test_pictures_with_values_that_are_no_numbers_tell_nothing() -> None:
    mean = np.full((4, 2), np.nan, np.float32)
    health = layer_health(mean, np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(4, np.int64))
    assert health.pictures == 0
    assert not len(health.at_least(health.silent))
    assert health.twins == ()
