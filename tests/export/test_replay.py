"""The parts of replay scripts do what the app does."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from actviz_core import capture
from actviz_core.export import replay
from actviz_core.models import load_model
from tests.hooks.toys import InPlaceAfter, ReusedReLU


class Several(nn.Module):
    """Returns tensors in a tuple and a dict."""

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, list[Tensor]]]:
        return x + 1, {"deep": [x * 2, x * 3]}


class Nested(nn.Module):
    """Has a layer that returns several tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Several()

    def forward(self, x: Tensor) -> Tensor:
        first, rest = self.inner(x)
        return first + rest["deep"][1]


@pytest.mark.parametrize(
    ("network", "shape", "calls"),
    [
        (InPlaceAfter(), (1, 3, 8, 8), ["bn", "relu", "conv"]),
        (ReusedReLU(), (1, 5), ["relu#1", "relu#3", "first"]),
        (Nested(), (1, 4), ["inner[0]", "inner[1][deep][1]", ""]),
    ],
)
def test_its_hooks_return_what_capture_returns(
    network: nn.Module, shape: tuple[int, ...], calls: list[str]
) -> None:
    inputs = torch.rand(shape, generator=torch.Generator().manual_seed(0)) - 0.5
    captured = capture(network.eval(), inputs, calls)
    again = replay.returned(network, inputs, calls)
    assert list(again) == calls
    assert all(torch.equal(again[call], captured[call]) for call in calls)
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("size", [(300, 200), (30, 400), (900, 20), (32, 32)])
def test_it_prepares_pictures_as_the_app_does(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    picture = Image.fromarray(pixels)
    for key in ("resnet18@random", "cifar-resnet20"):
        preprocess = load_model(key).preprocess
        cut = replay.middle(picture, 8) if len(preprocess.resize) == 1 else picture
        inputs = replay.prepare(
            cut,
            list(preprocess.resize),
            list(preprocess.size),
            list(preprocess.mean),
            list(preprocess.std),
            preprocess.interpolation,
        )
        assert torch.equal(inputs, preprocess(picture))


def stored(folder: Path, **arrays: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Path:
    file = folder / "values.npz"
    kept: dict[str, Any] = {"__provenance__": np.array([json.dumps([])]), **arrays}
    np.savez(file, **kept)  # without allow_pickle, which numpy 2.0 takes for an array
    return file


@pytest.mark.parametrize(
    ("there", "alike", "says"),
    [
        (np.array([1, 2, np.nan], np.float32), True, "x (3,): equal bit for bit"),
        (np.array([1, 2.5, np.nan], np.float32), False, "x (3,): 1 of 3 values differ, by at most 0.5"),
        (np.array([1, 2, 3], np.float32), False, "x (3,): 1 of 3 values differ, by at most 0"),
        (np.array([1, 2, np.nan]), False, "x: (3,) float32 here, (3,) float64 in values.npz"),
        (np.zeros((3, 1), np.float32), False, "x: (3,) float32 here, (3, 1) float32 in values.npz"),
    ],
)
def test_it_tells_by_how_much_values_differ(
    there: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    alike: bool,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    computed = {"x": torch.tensor([1, 2, float("nan")])}
    assert replay.compare(computed, stored(tmp_path, x=there)) is alike
    assert says in capsys.readouterr().out


def test_it_misses_what_is_not_on_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not replay.compare({"x": torch.zeros(1)}, stored(tmp_path, y=np.zeros(1)))
    assert capsys.readouterr().out.splitlines() == ["x: not in values.npz", "y: not computed here"]


def test_brain_floats_compare_with_what_is_stored_for_them(tmp_path: Path) -> None:
    computed = {"x": torch.tensor([0.1, 7.0], dtype=torch.bfloat16)}
    assert replay.compare(computed, stored(tmp_path, x=computed["x"].float().numpy()))
