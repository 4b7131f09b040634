"""How far two maps agree on which places matter more."""

import numpy as np
import pandas as pd
import pytest

from actviz_core.analysis.agreement import rank_agreement


@pytest.mark.parametrize("seed", range(5))
def test_it_is_spearmans_correlation_also_with_equal_values(seed: int) -> None:
    stream = np.random.default_rng(seed)
    one, other = stream.integers(0, 9, (2, 12, 7))
    table = pd.DataFrame({"one": one.ravel(), "other": other.ravel()})
    expected = table.corr(method="spearman").loc["one", "other"]
    assert rank_agreement(one, other) == pytest.approx(expected)


def test_the_same_order_is_one_and_the_opposite_minus_one() -> None:
    values = np.arange(12.0).reshape(3, 4)
    assert rank_agreement(values, values**3) == pytest.approx(1)
    assert rank_agreement(values, -values) == pytest.approx(-1)


@pytest.mark.parametrize("other", [np.zeros(4), np.array([1, 2, np.nan, 4]), np.array([1, 2, np.inf, 4])])
def test_a_map_without_an_order_agrees_with_nothing(other: np.ndarray) -> None:
    assert rank_agreement(np.arange(4), other) is None
    assert rank_agreement(other, np.arange(4)) is None
