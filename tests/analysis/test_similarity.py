"""Linear CKA equals its definition and has the properties that its authors prove."""

import numpy as np
import pytest
from numpy.typing import NDArray

from actviz_core.analysis import linear_cka
from actviz_core.errors import ShapeError

RNG_SEED = 4


def layers(pictures: int, *channels: int) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(RNG_SEED)
    return [rng.normal(size=(pictures, count)) + 3 for count in channels]


def by_definition(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = XX', L = YY' and the centring matrix written out."""
    centring = np.eye(len(x)) - 1 / len(x)

    def hsic(k: NDArray[np.float64], m: NDArray[np.float64]) -> float:
        return float(np.trace(k @ centring @ m @ centring)) / (len(x) - 1) ** 2

    k, m = x @ x.T, y @ y.T
    return float(hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m)))


@pytest.mark.parametrize(("pictures", "first", "second"), [(4, 3, 2), (30, 5, 7), (6, 40, 50), (12, 1, 90)])
def test_it_equals_the_definition(pictures: int, first: int, second: int) -> None:
    x, y = layers(pictures, first, second)
    assert linear_cka(x, y) == pytest.approx(by_definition(x, y), rel=1e-10)


def test_a_case_worked_out_by_hand() -> None:
    x, y = np.array([[1.0], [-1], [0]]), np.array([[1.0, 0], [0, 1], [0, 0]])
    # centred y: columns (2, -1, -1) / 3 and (-1, 2, -1) / 3; y'x = (1, -1), y'y = [[2, -1], [-1, 2]] / 3
    assert linear_cka(x, y) == pytest.approx(2 / (2 * np.sqrt(10) / 3))


def test_rotating_and_scaling_change_nothing_and_a_layer_is_like_itself() -> None:
    x, y = layers(25, 6, 6)
    rotation, _ = np.linalg.qr(np.random.default_rng(RNG_SEED).normal(size=(6, 6)))
    assert linear_cka(x, x) == pytest.approx(1)
    assert linear_cka(x, 1e-30 * (x @ rotation)) == pytest.approx(1)
    assert linear_cka(5 * x @ rotation + 2, y) == pytest.approx(linear_cka(x, y), rel=1e-10)
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x), rel=1e-12)
    assert linear_cka(x, x[:, ::-1]) == pytest.approx(1)


def test_it_is_not_invariant_to_any_invertible_map() -> None:
    (x,) = layers(25, 6)
    assert linear_cka(x, x * np.array([100, 1, 1, 1, 1, 1])) < 0.9


def test_a_layer_that_does_the_same_with_all_pictures_is_like_none() -> None:
    assert np.isnan(linear_cka(np.full((9, 3), 0.1), layers(9, 3)[0]))


def test_a_value_that_is_no_number_is_not_hidden() -> None:
    x, y = layers(9, 3, 4)
    x[2] = np.nan
    assert np.isnan(linear_cka(x, y))
    assert np.isnan(linear_cka(y, x))


def test_layers_of_other_pictures_are_refused() -> None:
    with pytest.raises(ShapeError, match="same pictures; got 5 and 6"):
        linear_cka(np.zeros((5, 2)), np.zeros((6, 2)))
    with pytest.raises(ShapeError, match=r"got \(1, 2\)"):
        linear_cka(np.zeros((1, 2)), np.zeros((1, 2)))
