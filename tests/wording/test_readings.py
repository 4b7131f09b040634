"""Sentences about how axes are read, and about where attention heads look."""

import numpy as np
import pytest

from actviz_core.analysis import attention_sentence, half_of_attention
from actviz_core.errors import ShapeError
from actviz_core.layouts.layout import Layout, LayoutKind, default_layout
from actviz_core.wording.readings import reading_sentence


@pytest.mark.parametrize(
    ("layout", "shape", "sentence"),
    [
        (
            Layout(
                LayoutKind.TOKENS,
                "NLC",
                "The network's patch size is 16.",
                grid=(14, 14),
                prefix=("class token",),
            ),
            (1, 197, 192),
            "Read as 14 x 14 patches plus a class token: the network's patch size is 16.",
        ),
        (
            Layout(
                LayoutKind.TOKENS,
                "NLC",
                "Swin does so.",
                grid=(2, 3),
                prefix=("class token", "register 1", "register 2"),
            ),
            (1, 9, 8),
            "Read as 2 x 3 patches plus a class token and 2 registers: Swin does so.",
        ),
        (
            Layout(LayoutKind.CHANNEL_LAST, "NHWC", "Linear computes with the channels last."),
            (1, 7, 8, 96),
            "Read as 7 x 8 places with 96 channels each, channels last: "
            "Linear computes with the channels last.",
        ),
        (
            Layout(LayoutKind.OTHER, "NA..", "The layer works on each attention head apart."),
            (1, 3, 9, 9),
            "Read as 3 attention heads: the layer works on each attention head apart.",
        ),
        (
            default_layout((1, 7, 9)),
            (1, 7, 9),
            "Read as 7 positions with 9 channels each: the shape alone says so: three axes are mostly "
            'positions, then channels. That is a guess; "Read as" offers others.',
        ),
    ],
)
def test_the_reading_is_told_with_its_reason(layout: Layout, shape: tuple[int, ...], sentence: str) -> None:
    assert reading_sentence(layout, shape) == sentence


def test_half_of_the_attention_is_counted_from_the_largest_weight_on() -> None:
    maps = np.array([[[0.6, 0.1], [0.1, 0.2]], [[0.25, 0.25], [0.25, 0.25]], [[np.nan, 0.4], [0.3, 0.3]]])
    np.testing.assert_array_equal(half_of_attention(maps), [1, 2, 2])
    with pytest.raises(ShapeError, match=r"heads, rows, columns\); got \(2, 2\)"):
        half_of_attention(np.zeros((2, 2)))


def test_the_narrowest_and_the_widest_head_are_told() -> None:
    maps = np.array([[[0.6, 0.1], [0.1, 0.2]], [[0.25, 0.25], [0.25, 0.25]]])
    assert attention_sentence(maps, "class token") == (
        "From the class token, head 0 looks most narrowly: half of its attention lies on 1 of 4 patches; "
        "head 1 most widely: half of it lies on 2."
    )
    seen = np.array([[[np.nan, 0.5], [0.25, 0.25]]])
    assert attention_sentence(seen, "patch") == (
        "From the patch, half of the only head's attention lies on 1 of 3 patches that it can see."
    )
