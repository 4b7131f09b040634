"""What is kept of an activation equals the statistics that pages show, for every layout and on every path."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from actviz_core.analysis import as_maps, channel_statistics
from actviz_core.errors import SweepError
from actviz_core.layouts.layout import Layout, LayoutKind, default_layout
from actviz_core.sweep import reduction
from actviz_core.sweep.reduction import FIELDS, Numbers, reduced
from actviz_core.sweep.summary import extremes

PICTURES = 3
LAYOUTS: dict[str, tuple[tuple[int, ...], Layout]] = {
    "maps": ((3, 4, 5, 6), Layout(LayoutKind.MAPS, "NCHW", "")),
    "one large map": ((3, 2, 60, 70), Layout(LayoutKind.MAPS, "NCHW", "")),
    "channels last": ((3, 5, 6, 4), Layout(LayoutKind.CHANNEL_LAST, "NHWC", "")),
    "tokens": ((3, 1 + 2 * 3, 4), Layout(LayoutKind.TOKENS, "NLC", "", grid=(2, 3), prefix=("class token",))),
    "tokens first": ((2 * 3, 3, 4), Layout(LayoutKind.TOKENS, "LNC", "", grid=(2, 3))),
    "sequence": ((3, 7, 4), Layout(LayoutKind.SEQUENCE, "NLC", "")),
    "vector": ((3, 9), Layout(LayoutKind.VECTOR, "NC", "")),
    "pooled": ((3, 9, 1, 1), Layout(LayoutKind.VECTOR, "NC..", "")),
    "volume": ((3, 2, 3, 4, 5), Layout(LayoutKind.VOLUME, "NCDHW", "")),
    "windows": (
        (3 * 4, 4, 5),
        Layout(LayoutKind.WINDOWS, "GLC", "", grid=(3, 4), window=(2, 2), shift=(1, 1)),
    ),
}


def values(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def on_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the path of accelerators, whose operators are the same on the CPU."""
    monkeypatch.setattr(
        reduction, "on_processor", lambda maps, width: reduction.on_device(torch.tensor(maps), width)()
    )


def by_statistics(activation: Tensor, layout: Layout) -> Numbers:
    """The same numbers from what pages show of each picture."""
    found = [channel_statistics(as_maps(activation.numpy(), layout, item=item)) for item in range(PICTURES)]
    return Numbers(
        np.array([one.mean for one in found], np.float32),
        np.array([one.maximum for one in found], np.float32),
        np.array([np.stack([one.peak_row, one.peak_column], 1) for one in found], np.uint16),
        np.array([one.active for one in found], np.float32),
        np.array([one.silent for one in found]),
    )


@pytest.mark.parametrize("path", ["processor", "device"])
@pytest.mark.parametrize(
    "change", [lambda x: x, torch.relu, torch.zeros_like], ids=["signed", "relu", "zero"]
)
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_is_reduced_to_the_statistics_of_its_maps(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Tensor], Tensor], path: str
) -> None:
    if path == "device":
        on_device(monkeypatch)
    shape, layout = LAYOUTS[name]
    activation = change(values(shape))
    found, expected = reduced(activation, layout, PICTURES)(), by_statistics(activation, layout)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-5, atol=1e-6)
    for field, (dtype, _) in FIELDS.items():
        assert getattr(found, field).dtype == dtype
        if field != "mean":
            np.testing.assert_array_equal(getattr(found, field), getattr(expected, field), err_msg=field)


@pytest.mark.parametrize("path", ["processor", "device"])
def test_what_is_no_number_stays_visible_and_the_active_share_is_that_of_the_others(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    if path == "device":
        on_device(monkeypatch)
    activation = values((3, 2, 4, 4))
    activation[1, 0, 2, 3] = float("nan")
    activation[2, 1, 1, 0] = float("inf")
    found = reduced(activation, default_layout(activation.shape, batch=3), PICTURES)()
    assert np.isnan(found.maximum[1, 0])
    assert found.place[1, 0].tolist() == [2, 3]
    assert np.isposinf(found.mean[2, 1])
    assert found.place[2, 1].tolist() == [1, 0]
    expected = by_statistics(activation, default_layout(activation.shape, batch=3))
    np.testing.assert_array_equal(found.active, expected.active)
    assert np.isfinite(found.maximum).sum() == 4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool])
def test_every_kind_of_number_is_kept_as_float32(dtype: torch.dtype) -> None:
    activation = (values((3, 2, 4, 4)) * 3).to(dtype)
    found = reduced(activation, default_layout(activation.shape, batch=3), PICTURES)()
    np.testing.assert_array_equal(found.maximum, activation.float().amax((2, 3)).numpy())


def test_an_activation_that_does_not_hold_a_map_a_picture_is_refused() -> None:
    activation = values((5, 4, 3, 3))
    with pytest.raises(SweepError, match=r"shape \(5, 4, 3, 3\) for 3 pictures"):
        reduced(activation, default_layout(activation.shape, batch=3), PICTURES)


def test_extremes_are_those_of_a_stable_sort() -> None:
    table = np.random.default_rng(0).integers(-3, 4, (50, 6)).astype(np.float32)
    table[:, 0] = 0
    table[::2, 0] = -0.0
    table[3, 1], table[4, 1], table[5, 1] = np.nan, np.inf, -np.inf
    table[:, 2] = np.nan
    for k in (1, 9, 50, 60):
        for largest in (True, False):
            found = extremes(table, k, largest=largest)
            for column, rows in enumerate(found):
                ordered = table[:, column] * (-1 if largest else 1)
                expected = [row for row in np.argsort(ordered, kind="stable") if not np.isnan(ordered[row])]
                assert [row for row in rows if row >= 0] == expected[:k]
