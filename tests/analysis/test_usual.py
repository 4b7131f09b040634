"""What is usual for a channel equals a plain count over the pictures, whatever the values."""

import math

import numpy as np
import pytest

from actviz_core.analysis.usual import usual_sentence, usual_value
from actviz_core.errors import ShapeError
from actviz_core.units import share_in_words


@pytest.mark.parametrize("seed", range(20))
def test_it_equals_a_plain_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=rng.integers(2, 300)), rng.integers(1, 6)).astype(np.float32)
    here = float(rng.choice(values)) if seed % 2 else float(rng.normal())
    found = usual_value(np.sort(values), here)
    assert found is not None
    assert found.pictures == len(values)
    assert found.median == pytest.approx(np.median(values.astype(np.float64)))
    lower = sum(float(value) < here and not math.isclose(value, here, rel_tol=1e-5) for value in values)
    assert found.below == pytest.approx(lower / len(values))
    assert (found.lowest, found.highest) == (float(values.min()), float(values.max()))
    assert not found.left_out


def test_the_picture_in_hand_is_left_out_where_it_is_one_of_them() -> None:
    values = np.array([1, 2, 3, 4, 5], np.float32)
    found = usual_value(values, 5 * (1 + 1e-6), own=5.0)  # one picture alone has other last digits
    assert found is not None
    assert (found.pictures, found.median, found.below, found.left_out) == (4, 2.5, 1.0, True)
    changed = usual_value(values, 7.0, own=5.0)  # another picture has its place in the source now
    assert changed is not None
    assert (changed.pictures, changed.left_out) == (5, False)
    assert usual_value(values[:1], 1.0, own=1.0) is None


def test_equal_up_to_rounding_is_not_higher() -> None:
    found = usual_value([1.0, 1.0, 1.0, 2.0], 1.000001)
    assert found is not None
    assert found.below == 0


def test_nothing_is_said_of_what_is_no_number() -> None:
    assert usual_value([1.0, 2.0], math.nan) is None
    assert usual_value([1.0, 2.0], math.inf) is None
    assert usual_value([], 1.0) is None
    with pytest.raises(ShapeError, match=r"\(pictures,\); got \(1, 2\)"):
        usual_value([[1.0, 2.0]], 1.0)


def said(values: list[float], here: float, own: float | None = None) -> str:
    found = usual_value(values, here, own)
    assert found is not None
    return usual_sentence(found, "Noise").replace("\xa0", " ")


def test_the_sentence_says_what_is_usual_and_where_this_one_stands() -> None:
    values = [0.1 * at for at in range(200)]
    share = share_in_words(sum(value < 12.34 for value in values) / 200).replace("\xa0", " ")
    assert said(values, 12.34) == (
        "Usual largest value of this channel over the 200 pictures of Noise: 9.95 (median); "
        f"here 12.34, higher than in {share} of them."
    )
    assert said([1, 2, 3], 3, own=3) == (
        "Usual largest value of this channel over the other 2 pictures of Noise: 1.5 (median); "
        "here 3, higher than in all of them."
    )
    assert said([1, 2, 3], 1).endswith("here 1, higher than in none of them.")


def test_a_channel_that_is_the_same_everywhere_says_so() -> None:
    assert said([0, 0, 0], 0) == "Its largest value is 0 in all of the 3 pictures of Noise, and here too."
    assert said([0, 0, 0], 0.5) == "Its largest value is 0 in all of the 3 pictures of Noise, and 0.5 here."
    assert said([2.0], 0.5) == "Largest value here: 0.5; in the 1 picture of Noise: 2."
