"""Putting a map to the test: covering what matters makes the class fall, random order is the yardstick."""

import math
import threading

import pytest
import torch
from torch import Tensor, nn

from actviz_core.attribution import Curve, covering, put_to_test, random_curves
from actviz_core.attribution.covering import blurred
from actviz_core.errors import ShapeError, StoppedError, TargetError

X = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(1))
X[:, :, 4:8, 4:8] += 4


class Square(nn.Module):
    """Class 1 is the brightness of one square of 4 x 4 pixels and nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        brightness = x[:, :, 4:8, 4:8].mean((1, 2, 3)) - 2
        return torch.stack([torch.zeros_like(brightness), brightness, -brightness], 1)


TRUE = torch.zeros(16, 16)
TRUE[4:8, 4:8] = 1


def test_a_true_map_beats_random_order_and_its_opposite_does_not() -> None:
    true = put_to_test(Square(), X, 1, TRUE)
    assert true.better_than_random
    assert true.insertion.area > true.random.insertion.area
    false = put_to_test(Square(), X, 1, -TRUE, random=true.random)
    assert not false.better_than_random
    assert false.random is true.random


def test_a_curve_is_the_networks_own_answer_to_the_covered_picture() -> None:
    test = put_to_test(Square(), X, 1, TRUE, shares=(1 / 16, 0.5))
    covered, shown = X.clone(), blurred(X)
    covered[:, :, 4:8, 4:8] = blurred(X)[:, :, 4:8, 4:8]
    shown[:, :, 4:8, 4:8] = X[:, :, 4:8, 4:8]
    probability = [float(Square()(x).double().softmax(1)[0, 1]) for x in (X, covered, blurred(X), shown)]
    assert test.deletion.probabilities[:2] == pytest.approx(probability[:2])
    assert test.insertion.probabilities[:2] == pytest.approx(probability[2:])
    assert test.deletion.shares == (0, 1 / 16, 0.5)


def test_two_classes_are_weighed_against_each_other() -> None:
    test = put_to_test(Square(), X, (1, 2), TRUE)
    brightness = float(X[:, :, 4:8, 4:8].mean()) - 2
    assert test.deletion.probabilities[0] == pytest.approx(1 / (1 + math.exp(-2 * brightness)))


def test_a_map_that_is_the_same_everywhere_is_one_random_order() -> None:
    flat = [put_to_test(Square(), X, 1, torch.ones(16, 16), seed=seed).deletion for seed in (1, 1, 2)]
    assert flat[0] == flat[1]
    assert flat[0] != flat[2]
    areas = random_curves(Square(), X, 1).areas
    assert len(areas) == 10
    assert min(areas) * 0.8 < flat[0].area < max(areas) * 1.2


def test_the_seed_decides_the_random_orders() -> None:
    first, again, other = (random_curves(Square(), X, 1, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_area_is_a_share_of_the_whole() -> None:
    assert Curve((0, 0.1, 0.5), (1.0, 1.0, 1.0)).area == pytest.approx(1)
    assert Curve((0, 0.5), (1.0, 0.0)).area == pytest.approx(0.5)
    assert Curve((0, 0.25, 0.5), (1.0, 0.0, 0.0)).area == pytest.approx(0.25)


def test_blur_keeps_an_even_picture_and_takes_the_detail_of_another() -> None:
    torch.testing.assert_close(blurred(torch.full((1, 3, 9, 17), 0.5)), torch.full((1, 3, 9, 17), 0.5))
    assert float(blurred(X).std()) < 0.6 * float(X.std())
    assert blurred(torch.rand(1, 3, 1, 2, generator=torch.Generator().manual_seed(1))).shape == (1, 3, 1, 2)


def test_passes_are_counted_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = put_to_test(Square(), X, 1, TRUE)
    monkeypatch.setattr(covering, "PIXELS_AT_ONCE", 5 * 16 * 16)
    seen: list[tuple[int, int]] = []
    test = put_to_test(Square(), X, 1, TRUE, progress=lambda done, total: seen.append((done, total)))
    of_random, of_map = 25, 3  # 122 and 14 pictures, 5 at a time
    expected = [(done, of_random) for done in range(1, of_random + 1)]
    assert seen == [*expected, *((done, of_map) for done in range(1, of_map + 1))]
    for one, other in ((test.deletion, whole.deletion), (test.random.insertion, whole.random.insertion)):
        assert one.probabilities == pytest.approx(other.probabilities)
    seen.clear()
    stop = threading.Event()

    def halt(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            stop.set()

    with pytest.raises(StoppedError, match="before it was done"):
        put_to_test(Square(), X, 1, TRUE, progress=halt, stop=stop)
    assert seen == [(1, of_random), (2, of_random)]


def test_what_cannot_be_tested_is_said() -> None:
    with pytest.raises(ShapeError, match=r"The map has the shape \(8, 8\), the picture \(16, 16\)"):
        put_to_test(Square(), X, 1, torch.ones(8, 8))
    with pytest.raises(ShapeError, match="no numbers"):
        put_to_test(Square(), X, 1, torch.full((16, 16), torch.nan))
    with pytest.raises(TargetError, match="no class 3: the network has the classes 0 to 2"):
        put_to_test(Square(), X, 3, TRUE)
    with pytest.raises(ValueError, match="Shares must rise"):
        put_to_test(Square(), X, 1, TRUE, shares=(0.5, 0.1))
    with pytest.raises(ValueError, match="The random curves are for the shares"):
        put_to_test(Square(), X, 1, TRUE, shares=(0.5,), random=random_curves(Square(), X, 1))
