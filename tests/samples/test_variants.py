"""Variants of a picture are the same every time and named by their image id."""

import numpy as np
import pytest
from PIL import ImageOps

from actviz_core.errors import UnknownImageError
from actviz_core.samples import mirrored, noisy, open_sample, parse_image_id


def test_a_mirror_image_has_left_and_right_exchanged() -> None:
    original = open_sample("bundled-cifar10/3")
    mirror = open_sample(mirrored(original.id))
    assert mirror.id == "bundled-cifar10/3~mirror"
    assert mirror.label == original.label
    assert mirror.image.tobytes() == ImageOps.mirror(original.image).tobytes()


def test_noise_has_the_chosen_strength_and_is_the_same_every_time() -> None:
    original = np.asarray(open_sample("bundled-imagenet/0").image, np.float32)
    first, second = (np.asarray(open_sample(noisy("bundled-imagenet/0", 0.1)).image) for _ in range(2))
    assert (first == second).all()
    middle = (original > 100) & (original < 155)  # so far from both ends that nothing is cut off
    assert (first - original)[middle].std() == pytest.approx(25.5, rel=0.05)


@pytest.mark.parametrize("variant", ["upside-down", "noise-2", "noise-", "noise-0.1x"])
def test_an_unknown_variant_says_which_there_are(variant: str) -> None:
    with pytest.raises(UnknownImageError, match=r"no variant .*'mirror' and 'noise-0.1'"):
        open_sample(f"bundled-cifar10/3~{variant}")


def test_the_parts_of_an_id_with_a_variant_give_it_back() -> None:
    parsed = parse_image_id("cifar10-test/42~noise-0.2")
    assert (parsed.source, parsed.item, parsed.variant) == ("cifar10-test", 42, "noise-0.2")
    assert str(parsed) == "cifar10-test/42~noise-0.2"
