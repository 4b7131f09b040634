"""Browsing a source: order, filter, shuffle, thumbnails."""

import numpy as np
import pytest
from PIL import Image

from actviz_core.errors import UnknownImageError
from actviz_core.samples import browse
from actviz_core.samples.source import ArraySource

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), np.uint8)


@pytest.fixture
def source() -> ArraySource:
    return ArraySource("toy", "Toy", ["cat", "dog"], [0, 1, -1, 0, 1, 0], PIXELS.copy())


def test_a_sample_carries_id_label_and_pixels(source: ArraySource) -> None:
    sample = source[1]
    assert (sample.id, sample.label, sample.image.mode) == ("toy/1", "dog", "RGB")
    assert np.array_equal(np.asarray(sample.image), PIXELS[1])
    assert source[2].label is None
    assert source[np.int64(3)].id == "toy/3"
    assert [sample.id for sample in source] == [f"toy/{index}" for index in range(6)]


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_that_is_not_there_says_which_are(source: ArraySource, index: int) -> None:
    expected = rf"toy has no picture {index}\. It has toy/0 to toy/5\."
    with pytest.raises(UnknownImageError, match=expected):
        source[index]
    with pytest.raises(UnknownImageError, match=expected):
        source.thumbnails([0, index], 4)
    with pytest.raises(UnknownImageError, match=expected):
        source.label(index)


def test_without_wishes_all_pictures_come_in_order(source: ArraySource) -> None:
    assert browse(source).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_class_keeps_its_pictures_in_order(source: ArraySource) -> None:
    assert browse(source, class_name="cat").tolist() == [0, 3, 5]


def test_a_shuffle_is_a_permutation_that_the_seed_decides(source: ArraySource) -> None:
    first = browse(source, seed=1).tolist()
    assert sorted(first) == [0, 1, 2, 3, 4, 5]
    assert browse(source, seed=1).tolist() == first
    assert browse(source, seed=2).tolist() != first
    assert sorted(browse(source, class_name="dog", seed=1)) == [1, 4]


def test_unknown_wishes_say_what_works(source: ArraySource) -> None:
    with pytest.raises(UnknownImageError, match=r"toy has no class 'cow'\. Some that it has: cat, dog\."):
        browse(source, class_name="cow")
    with pytest.raises(UnknownImageError, match=r"seed -1\. Use a whole number from 0 up"):
        browse(source, seed=-1)
    many = ArraySource("many", "Many", [f"class {n}" for n in range(50)], [0], PIXELS[:1].copy())
    with pytest.raises(UnknownImageError, match="it has: class 49"):
        browse(many, class_name="klass 49")
    bare = ArraySource("bare", "Bare", [], [-1], PIXELS[:1].copy())
    with pytest.raises(UnknownImageError, match="Its pictures have no classes"):
        browse(bare, class_name="cat")


def test_thumbnails_repeat_pixels_when_the_size_is_a_multiple(source: ArraySource) -> None:
    thumbnails = source.thumbnails([5, 0, 5], 12)
    assert thumbnails.shape == (3, 12, 12, 3)
    assert thumbnails.dtype == np.uint8
    assert np.array_equal(thumbnails, np.kron(PIXELS[[5, 0, 5]], np.ones((1, 3, 3, 1), np.uint8)))


def test_thumbnails_average_when_they_are_smaller(source: ArraySource) -> None:
    means = PIXELS[3].astype(float).reshape(2, 2, 2, 2, 3).mean(axis=(1, 3))
    assert np.abs(source.thumbnails([3], 2)[0] - means).max() <= 1


def test_no_thumbnails_are_an_empty_array(source: ArraySource) -> None:
    assert source.thumbnails([], 8).shape == (0, 8, 8, 3)
    assert source.thumbnails([], 3).shape == (0, 3, 3, 3)


def test_shared_pixels_cannot_be_changed(source: ArraySource) -> None:
    with pytest.raises(ValueError, match="read-only"):
        source.pixels[0] = 0
    changed = source[0].image
    changed.putpixel((0, 0), (1, 2, 3))
    assert np.array_equal(source.pixels, PIXELS)
    with pytest.raises(ValueError, match="read-only"):
        source.label_indices[0] = 1


def test_nearest_thumbnails_hold_only_true_colours(source: ArraySource) -> None:
    thumbnail = source.thumbnails([1], 6)[0]
    expected = np.asarray(Image.fromarray(PIXELS[1]).resize((6, 6), Image.Resampling.NEAREST))
    assert np.array_equal(thumbnail, expected)
