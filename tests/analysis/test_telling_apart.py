"""How far classes come apart: the nearest neighbour's class, as its definition says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from actviz_core.analysis import telling_apart
from actviz_core.analysis.telling_apart import chance_agreement, neighbour_agreement
from actviz_core.errors import ShapeError


def by_definition(values: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Look at every pair of pictures, one after the other."""
    kept = [at for at in range(len(labels)) if labels[at] >= 0 and np.isfinite(values[at]).all()]
    shares = []
    for one in kept:
        distances = {
            other: float(np.linalg.norm(values[one] - values[other])) for other in kept if other != one
        }
        near = [other for other, distance in distances.items() if distance == min(distances.values())]
        shares.append(sum(labels[other] == labels[one] for other in near) / len(near))
    return sum(shares) / len(shares)


@pytest.mark.parametrize(("pictures", "channels"), [(2, 1), (40, 3), (25, 60)])
def test_it_equals_the_definition(monkeypatch: pytest.MonkeyPatch, pictures: int, channels: int) -> None:
    monkeypatch.setattr(telling_apart, "AT_ONCE", 90)  # in several parts
    rng = np.random.default_rng(3)
    values, labels = rng.normal(size=(pictures, channels)), rng.integers(-1, 3, pictures)
    labels[:2] = 0
    assert neighbour_agreement(values, labels) == pytest.approx(by_definition(values, labels))
    assert neighbour_agreement(1e-30 * values.astype(np.float64) + 0, labels) == pytest.approx(
        by_definition(values, labels)
    )


def test_equally_near_pictures_share_the_vote() -> None:
    values, labels = np.array([[0.0], [1], [-1], [5], [5]]), np.array([0, 0, 1, 1, 1])
    # 0: one of two neighbours; 1 and -1: picture 0; the two at 5 are each other's
    assert neighbour_agreement(values, labels) == pytest.approx((0.5 + 1 + 0 + 1 + 1) / 5)
    assert by_definition(values, labels) == pytest.approx((0.5 + 1 + 0 + 1 + 1) / 5)


def test_a_layer_that_does_the_same_with_all_pictures_is_at_chance() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    found = neighbour_agreement(np.full((6, 4), 0.3), labels)
    assert found == pytest.approx(chance_agreement(labels))
    assert found == pytest.approx((3 * 2 + 2 * 1) / (6 * 5))


def test_groups_that_are_far_apart_agree_entirely() -> None:
    labels = np.arange(30) % 3
    values = np.random.default_rng(0).normal(size=(30, 2)) + 100 * np.eye(3, 2)[labels]
    assert neighbour_agreement(values, labels) == 1


def test_pictures_without_a_label_or_with_flawed_values_do_not_count() -> None:
    values, labels = np.array([[0.0], [0.1], [0.2], [np.nan], [9]]), np.array([1, -1, 1, 0, 0])
    assert neighbour_agreement(values, labels) == pytest.approx(2 / 3)
    assert neighbour_agreement(values, np.full(5, -1)) is None
    assert neighbour_agreement(values[:1], labels[:1]) is None
    assert chance_agreement(np.array([-1, 4])) is None


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"got \(3, 2\) and \(4,\)"):
        neighbour_agreement(np.zeros((3, 2)), np.zeros(4, np.int64))
