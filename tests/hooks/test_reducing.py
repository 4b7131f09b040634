"""Calls are reduced when they return, with the values and names that `capture` gives."""

import pytest
import torch
from torch import Tensor

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import capture, reduce_calls
from tests.hooks import toys
from tests.hooks.reference import assert_bit_equal
from tests.hooks.test_left_as_found import hooks_of


def copied(_call: str, _place: str, tensor: Tensor) -> Tensor:
    return (tensor + 0).clone()


def test_what_is_overwritten_later_was_reduced_before() -> None:
    torch.manual_seed(0)
    for module, inputs in (
        (toys.InPlaceAfter(), torch.randn(2, 3, 8, 8)),
        (toys.SkipAdd(), torch.randn(1, 3, 8, 8)),
    ):
        layers = [name for name, _ in module.named_modules() if name]
        expected, found = capture(module, inputs, layers), reduce_calls(module, inputs, layers, copied)
        assert list(found) == list(expected)
        for call, value in found.items():
            assert_bit_equal(value, expected[call])
        assert hooks_of(module) == 0


def test_calls_places_and_steps_have_the_names_of_a_capture() -> None:
    torch.manual_seed(0)
    wanted = ["inner", "lstm[0]"]
    expected = capture(toys.NestedOutputs(), torch.randn(1, 2, 5), wanted)
    assert list(reduce_calls(toys.NestedOutputs(), torch.randn(1, 2, 5), wanted, copied)) == list(expected)
    module, inputs = toys.ReusedReLU(), torch.randn(2, 5)
    assert list(reduce_calls(module, inputs, ["relu"], copied)) == ["relu#1", "relu#2", "relu#3"]
    assert list(reduce_calls(module, inputs, ["relu#2", ""], copied)) == ["relu#2", ""]


def test_the_reductions_own_work_is_no_step_and_a_modules_own_result_is_none_either() -> None:
    shared, inputs = toys.SharedByTwoParents(), torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    layers = ["left/add", "right/add", "left.shared"]
    expected = capture(shared, inputs, layers, steps=True)
    found = reduce_calls(shared, inputs, layers, copied)
    assert list(found) == list(expected)
    for call, value in found.items():
        assert_bit_equal(value, expected[call])


def test_unknown_names_and_exceptions_leave_no_hook() -> None:
    module = toys.RaisesInTheMiddle()
    with pytest.raises(ValueError, match="broken on purpose"):
        reduce_calls(module, torch.randn(1, 5), ["first"], copied)
    with pytest.raises(UnknownLayerError, match=r"'frist' is not a layer.*'first'"):
        reduce_calls(module, torch.randn(1, 5), ["frist"], copied)
    with pytest.raises(UnknownLayerError, match="'0#3' returned no tensor"):
        reduce_calls(torch.nn.Sequential(torch.nn.ReLU()), torch.randn(1, 5), ["0#3"], copied)
    assert hooks_of(module) == 0
