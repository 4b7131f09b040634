"""What differs between two activations: signed maps, numbers a channel, one sentence."""

import numpy as np
import pytest

from actviz_core.analysis import channel_differences, difference, resample
from actviz_core.errors import ShapeError
from actviz_core.wording.differences import difference_sentence


def random_maps(channels: int = 5, height: int = 6, width: int = 4, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, height, width)).astype(np.float32)


def test_the_difference_is_the_first_minus_the_second() -> None:
    first, second = random_maps(), random_maps(seed=1)
    found = difference(first, second)
    np.testing.assert_array_equal(found.maps, first - second)
    assert not found.resampled


def test_the_smaller_one_is_resampled_to_the_larger() -> None:
    small, large = random_maps(height=3, width=2), random_maps(seed=1)
    found = difference(small, large)
    assert found.resampled
    assert (found.first_size, found.second_size) == ((3, 2), (6, 4))
    np.testing.assert_array_equal(found.maps, resample(small, (6, 4)) - large)
    np.testing.assert_array_equal(difference(large, small).maps, -found.maps)


def test_cells_that_are_not_finite_in_both_have_no_difference() -> None:
    first, second = random_maps(), random_maps(seed=1)
    first[0, 0, 0] = second[0, 0, 0] = np.inf
    second[1, 2, 3] = np.nan
    first[4, 5, 3] = -np.inf
    missing = np.argwhere(np.isnan(difference(first, second).maps))
    assert missing.tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 3]]


@pytest.mark.parametrize("compare", [difference, channel_differences])
def test_other_numbers_of_channels_are_refused_with_what_can_be_done(compare: object) -> None:
    assert callable(compare)
    with pytest.raises(ShapeError, match=r"5 channels cannot be compared with 3.*summaries side by side"):
        compare(random_maps(5), random_maps(3))


@pytest.mark.parametrize(
    ("shape", "kind"), [((5, 1, 1), "single values"), ((5, 1, 7), "sequences")], ids=["vector", "sequence"]
)
def test_maps_are_not_laid_over_anything_else(shape: tuple[int, ...], kind: str) -> None:
    with pytest.raises(ShapeError, match=f"first panel has maps, the second {kind}.*same form"):
        difference(random_maps(), np.ones(shape))


def test_vectors_and_sequences_can_be_compared_with_their_like() -> None:
    np.testing.assert_array_equal(
        difference([[[3.0]], [[1.0]]], [[[1.0]], [[1.5]]]).maps, [[[2.0]], [[-0.5]]]
    )
    assert difference(np.ones((2, 1, 4)), np.zeros((2, 1, 8))).maps.shape == (2, 1, 8)


def test_numbers_are_those_of_their_definitions() -> None:
    first, second = random_maps(), random_maps(seed=1)
    found = channel_differences(first, second)
    for channel in range(5):
        one, other = first[channel].ravel().astype(np.float64), second[channel].ravel().astype(np.float64)
        length = np.linalg.norm(other)
        assert found.relative_l2[channel] == pytest.approx(np.linalg.norm(one - other) / length)
        assert found.cosine[channel] == pytest.approx(one @ other / np.linalg.norm(one) / length)
        assert found.correlation[channel] == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert found.relative_l2[found.order].tolist() == sorted(found.relative_l2, reverse=True)


def test_numbers_of_different_sizes_are_those_of_the_resampled_maps() -> None:
    small, large = random_maps(height=3, width=2), random_maps(seed=1)
    found, expected = channel_differences(small, large), channel_differences(resample(small, (6, 4)), large)
    np.testing.assert_array_equal(found.relative_l2, expected.relative_l2)
    np.testing.assert_array_equal(found.correlation, expected.correlation)


def test_strength_and_offset_do_not_change_what_they_should_not() -> None:
    maps = random_maps()
    stronger, lifted = channel_differences(3 * maps, maps), channel_differences(maps + 5, maps)
    np.testing.assert_allclose(stronger.relative_l2, 2, rtol=1e-6)
    np.testing.assert_allclose(stronger.cosine, 1)
    np.testing.assert_allclose(lifted.correlation, 1, atol=1e-6)
    assert (lifted.cosine < 0.9).all()


def test_silent_and_constant_channels_are_defined() -> None:
    first, second = random_maps(), random_maps(seed=1)
    first[0] = second[0] = 0
    first[1] = 0
    second[2] = 0
    first[3] = 0.1
    found = channel_differences(first, second)
    assert found.relative_l2[:3].tolist() == [0, 1, np.inf]
    assert np.isnan(found.cosine).tolist() == [True, True, True, False, False]
    assert np.isnan(found.correlation).tolist() == [True, True, True, True, False]
    assert found.first.silent.tolist() == [True, True, False, False, False]
    assert found.second.silent.tolist() == [True, False, True, False, False]
    assert (found.order[0], found.order[-1]) == (2, 0)


def test_a_constant_channel_has_no_correlation_whatever_its_mean_is_rounded_to() -> None:
    values = np.random.default_rng(0).standard_normal((2, 3, 7))
    constant = np.full((2, 3, 7), [[[0.1]], [[0.7]]])
    assert np.isnan(channel_differences(constant, values).correlation).all()


def test_channels_that_only_the_first_has_come_in_order_of_their_strength() -> None:
    first = np.array([1.0, 3.0, 2.0])[:, None, None] * np.ones((3, 2, 2))
    assert channel_differences(first, np.zeros((3, 2, 2))).order.tolist() == [1, 2, 0]


def test_unusable_cells_are_left_out_and_channels_without_others_come_last() -> None:
    first, second = random_maps(), random_maps(seed=1)
    broken = first.copy()
    broken[2, 0, :] = [np.nan, np.inf, -np.inf, np.nan]
    broken[4] = np.nan
    found, whole = channel_differences(broken, second), channel_differences(first, second)
    one, other = first[2, 1:].ravel(), second[2, 1:].ravel()
    assert found.correlation[2] == pytest.approx(np.corrcoef(one, other)[0, 1], rel=1e-5)
    np.testing.assert_array_equal(found.relative_l2[[0, 1, 3]], whole.relative_l2[[0, 1, 3]])
    assert np.isnan([found.relative_l2[4], found.cosine[4], found.correlation[4]]).all()
    assert found.order[-1] == 4


def sentence(first: np.ndarray, second: np.ndarray) -> str:
    return difference_sentence(channel_differences(first, second), "epoch-1", "final")


def test_the_sentence_counts_what_agrees_and_names_what_differs_most() -> None:
    second = random_maps(64, 8, 8)
    first = second + 0.1 * random_maps(64, 8, 8, seed=1)
    first[:12] = 2 * random_maps(12, 8, 8, seed=2)
    first[5] = -4 * second[5]
    assert sentence(first, second) == (
        "In epoch-1, 52 of 64 channels agree with final (correlation above 0.9); "
        "channel 5 differs most (correlation -1.00)."
    )


def test_the_sentence_tells_silence_from_agreement() -> None:
    second = random_maps()
    first = second + 0.01
    first[:2] = second[:2] = 0
    second[3] = 0
    assert sentence(first, second) == (
        "In epoch-1, 2 of 5 channels agree with final (correlation above 0.9), 2 more are silent in both; "
        "channel 3 differs most: it is silent in final."
    )


def test_channels_that_are_equal_agree_also_where_they_have_no_correlation() -> None:
    first, second = random_maps(), random_maps(seed=1)
    first[3] = second[3] = 0.5
    assert sentence(first, second).startswith("In epoch-1, 1 of 5 channels agrees with final")


def test_the_sentence_says_what_cannot_be_compared() -> None:
    first, second = random_maps(2), random_maps(2)
    first[0] = np.nan
    first[1] += 0.001
    assert sentence(first, second).endswith(
        "1 of 2 channels agrees with final (correlation above 0.9); "
        "channel 1 differs most (correlation 1.00); 1 has no usable values to compare; "
        "24 of 48 values are left out, not finite in both."
    )


def test_single_values_agree_when_they_are_close() -> None:
    first, second = (np.array(values)[:, None, None] for values in ([1.0, 2.0, -3.0], [1.05, 1.0, -3.0]))
    assert sentence(first, second) == (
        "In epoch-1, 2 of 3 channels agree with final (values within 10 %); channel 1 differs most."
    )
    first[2] = second[2] = 0
    assert sentence(first, second).startswith(
        "In epoch-1, 1 of 3 channels agrees with final (values within 10 %), 1 more is silent in both;"
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (random_maps(), random_maps(), "epoch-1 and final are equal in every channel, value for value."),
        (np.zeros((3, 2, 2)), np.zeros((3, 2, 2)), "All 3 channels are silent in both epoch-1 and final."),
        (
            random_maps(1),
            -random_maps(1),
            "In epoch-1, the only channel does not agree with final (correlation above 0.9).",
        ),
    ],
    ids=["equal", "silent", "one"],
)
def test_the_sentence_of_simple_cases(first: np.ndarray, second: np.ndarray, expected: str) -> None:
    assert sentence(first, second) == expected
