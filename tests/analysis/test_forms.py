"""Forms of activations and the network's answer."""

import numpy as np
import pytest

from actviz_core.analysis import Form, as_maps, form_of, top_k
from actviz_core.errors import ShapeError


@pytest.mark.parametrize(
    ("shape", "form", "drawn"),
    [
        ((1, 3, 4, 5), Form.MAPS, (3, 4, 5)),
        ((1, 3, 1, 5), Form.MAPS, (3, 1, 5)),
        ((1, 3, 1, 1), Form.VECTOR, (3, 1, 1)),
        ((1, 10), Form.VECTOR, (10, 1, 1)),
        ((1, 7, 9), Form.SEQUENCE, (9, 1, 7)),
        ((1, 2, 3, 4, 5), Form.OTHER, (2, 12, 5)),
        ((6,), Form.OTHER, (1, 1, 1)),
        ((), Form.OTHER, (1, 1, 1)),
    ],
)
def test_every_activation_has_a_form_and_can_be_drawn(
    shape: tuple[int, ...], form: Form, drawn: tuple[int, ...]
) -> None:
    assert form_of(shape) is form
    assert as_maps(np.zeros(shape)).shape == drawn


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
