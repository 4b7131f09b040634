"""Forms of activations and the network's answer."""

from dataclasses import replace

import numpy as np
import pytest

from actviz_core.analysis import as_maps, channel_count, prefix_tokens, top_k
from actviz_core.errors import ShapeError
from actviz_core.layouts.layout import Layout, LayoutKind, default_layout, with_alternatives


@pytest.mark.parametrize(
    ("shape", "name", "drawn"),
    [
        ((1, 3, 4, 5), "maps", (3, 4, 5)),
        ((1, 3, 1, 5), "maps", (3, 1, 5)),
        ((1, 3, 1, 1), "vector", (3, 1, 1)),
        ((1, 10), "vector", (10, 1, 1)),
        ((1, 7, 9), "sequence", (9, 1, 7)),
        ((7, 1, 9), "sequence-lnc", (9, 1, 7)),
        ((1, 2, 3, 4, 5), "volume", (2, 4, 15)),
        ((1, 2, 3, 4, 5, 6), "other", (2, 60, 6)),
        ((6,), "vector", (6, 1, 1)),
        ((), "vector", (1, 1, 1)),
    ],
)
def test_every_activation_has_a_usual_layout_and_can_be_drawn(
    shape: tuple[int, ...], name: str, drawn: tuple[int, ...]
) -> None:
    layout = default_layout(shape)
    assert layout.name == name
    assert as_maps(np.zeros(shape), layout).shape == drawn


@pytest.mark.parametrize(
    "shape",
    [(1, 3, 4, 5), (1, 17, 8), (1, 16, 8), (3, 1, 8), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6), (1, 10), (6,), ()],
)
def test_channels_are_counted_by_the_shape_alone_in_every_reading(shape: tuple[int, ...]) -> None:
    layout = with_alternatives(default_layout(shape), shape, (32, 32))
    for reading in (layout, *layout.alternatives):
        assert channel_count(shape, reading) == len(as_maps(np.zeros(shape), reading)), reading.name


def test_channels_of_windows_and_heads_are_counted_too() -> None:
    windows = Layout(LayoutKind.WINDOWS, "GLC", "", grid=(4, 4), window=(2, 2))
    heads = Layout(LayoutKind.OTHER, "GALC", "")
    for shape, layout in (((4, 4, 7), windows), ((2, 3, 4, 5), heads)):
        assert channel_count(shape, layout) == len(as_maps(np.zeros(shape), layout))


def test_tokens_lie_on_their_grid_and_those_beside_it_stand_apart() -> None:
    tokens = np.arange(2 * 8 * 5).reshape(2, 8, 5)
    layout = Layout(LayoutKind.TOKENS, "NLC", "", grid=(2, 3), prefix=("class token", "register 1"))
    maps = as_maps(tokens, layout, item=1)
    assert maps.shape == (5, 2, 3)
    assert maps[4, 1, 2] == tokens[1, 2 + 1 * 3 + 2, 4]
    assert np.shares_memory(maps, tokens)
    names, values = prefix_tokens(tokens, layout, item=1)
    assert names == ("class token", "register 1")
    np.testing.assert_array_equal(values, tokens[1, :2])
    first = replace(layout, axes="LNC")
    np.testing.assert_array_equal(as_maps(tokens.swapaxes(0, 1), first, item=1), maps)


def test_channels_that_come_last_go_first_without_a_copy() -> None:
    activation = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    maps = as_maps(activation, Layout(LayoutKind.CHANNEL_LAST, "NHWC", ""), item=1)
    assert maps[2, 1, 3] == activation[1, 1, 3, 2]
    assert np.shares_memory(maps, activation)


def test_slices_of_a_volume_lie_side_by_side() -> None:
    volume = np.arange(2 * 3 * 4 * 5).reshape(1, 2, 3, 4, 5)
    maps = as_maps(volume)
    assert maps[1, 2, 1 * 5 + 3] == volume[0, 1, 1, 2, 3]
    last = np.moveaxis(volume, 1, -1)
    np.testing.assert_array_equal(as_maps(last, Layout(LayoutKind.VOLUME, "NDHWC", "")), maps)


@pytest.mark.parametrize("rolled_first", [False, True])
def test_windows_are_put_back_where_they_were_cut_out(*, rolled_first: bool) -> None:
    maps = np.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7)  # pictures, channels, rows, columns
    filled = ((0, 0), (0, 0), (0, 1), (0, 1))
    whole = np.roll(maps, (-1, -1), (2, 3)) if rolled_first else np.pad(maps, filled)
    whole = np.pad(whole, filled) if rolled_first else np.roll(whole, (-1, -1), (2, 3))
    cut = whole.reshape(2, 3, 3, 2, 4, 2).transpose(0, 2, 4, 3, 5, 1).reshape(2 * 12, 4, 3)
    layout = Layout(
        LayoutKind.WINDOWS, "GLC", "", grid=(5, 7), window=(2, 2), shift=(1, 1), rolled_first=rolled_first
    )
    np.testing.assert_array_equal(as_maps(cut, layout, item=1), maps[1])
    with pytest.raises(ShapeError, match="picture 2 of its batch"):
        as_maps(cut, layout, item=2)


def test_each_attention_head_is_a_channel() -> None:
    heads = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(as_maps(heads, Layout(LayoutKind.OTHER, "NA..", ""), item=1), heads[1])
    every = as_maps(heads, Layout(LayoutKind.OTHER, "GA..", ""))
    np.testing.assert_array_equal(every, heads.reshape(6, 4, 5))


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 9, 4), Layout(LayoutKind.TOKENS, "NLC", "", grid=(2, 4))),
        ((1, 9, 4), Layout(LayoutKind.MAPS, "NCHW", "")),
        ((5, 4, 3), Layout(LayoutKind.WINDOWS, "GLC", "", grid=(4, 4), window=(2, 2))),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(shape: tuple[int, ...], layout: Layout) -> None:
    with pytest.raises(ShapeError, match=f"cannot be read as {layout.name}"):
        as_maps(np.zeros(shape), layout)


def test_values_keep_their_places() -> None:
    activation = np.arange(24).reshape(2, 3, 4)
    assert as_maps(activation, item=1)[2, 0, 1] == activation[1, 1, 2]
    maps = np.arange(48).reshape(2, 2, 3, 4)
    np.testing.assert_array_equal(as_maps(maps), maps[0])


@pytest.mark.parametrize(("shape", "item"), [((1, 3), 1), ((1, 3), -1), ((0, 3), 0), ((1, 0, 4, 4), 0)])
def test_items_that_are_not_there_are_refused(shape: tuple[int, ...], item: int) -> None:
    with pytest.raises(ShapeError, match=f"picture {item} of its batch"):
        as_maps(np.zeros(shape), item=item)


def test_top_k_is_the_softmax_best_first() -> None:
    best = top_k(np.log([0.1, 0.6, 0.3]).astype(np.float32)[None], ["a", "b", "c"], k=2)
    assert best.labels == ("b", "c")
    assert best.indices == (1, 2)
    np.testing.assert_allclose(best.probabilities, (0.6, 0.3), rtol=1e-6)
    assert best.problem is None


def test_top_k_does_not_overflow_and_keeps_the_order_of_equals() -> None:
    best = top_k([1e5, 1e5, -np.inf], ["a", "b", "c"])
    assert best.labels == ("a", "b", "c")
    assert best.probabilities == (0.5, 0.5, 0)


def test_classes_without_a_name_are_numbered() -> None:
    assert top_k([0, 1], []).labels == ("class 1", "class 0")


@pytest.mark.parametrize(
    ("logits", "said"),
    [([0, np.nan], "1 value that is not finite"), ([np.inf, np.nan, 0], "2 values that are not finite")],
)
def test_unusable_logits_are_a_problem_not_a_prediction(logits: list[float], said: str) -> None:
    best = top_k(logits, ["a", "b", "c"])
    assert best.labels == ()
    assert best.probabilities == ()
    assert said in str(best.problem)


def test_logits_of_two_pictures_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(2, 10\)"):
        top_k(np.zeros((2, 10)), [])
