"""The gradient at the input is torch's own, of what a call returned at the moment it returned."""

import pytest
import torch
from torch import Tensor, nn

from actviz_core.errors import ChannelError, UnknownLayerError
from actviz_core.hooks.copies import on_cpu
from actviz_core.hooks.input_gradient import input_gradient
from tests.hooks import toys
from tests.hooks.reference import assert_bit_equal

PICTURE = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
VECTOR = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))


def squares(activation: Tensor) -> Tensor:
    return activation.square().sum()


def test_what_a_later_layer_overwrites_in_place_does_not_matter() -> None:
    module = toys.InPlaceAfter().eval()
    x = PICTURE.clone().requires_grad_()
    number = squares(module.bn(module.conv(x)))
    (expected,) = torch.autograd.grad(number, x)
    value, gradient = input_gradient(module, PICTURE, "bn#1", squares)
    assert value == float(number.detach())
    assert_bit_equal(gradient, expected)
    assert all(parameter.grad is None for parameter in module.parameters())


def test_each_call_and_step_has_its_own() -> None:
    module = toys.ReusedReLU()
    first = input_gradient(module, VECTOR, "relu#1", squares)[1]
    assert_bit_equal(first, 2 * VECTOR.clamp(min=0))
    assert not input_gradient(module, VECTOR, "relu#3", squares)[1].equal(first)
    skip = toys.SkipAdd()
    x = PICTURE.clone().requires_grad_()
    (expected,) = torch.autograd.grad(squares(skip(x)), x)
    assert torch.allclose(input_gradient(skip, PICTURE, "/add#1", squares)[1], expected, rtol=1e-4, atol=1e-5)


def test_what_does_not_depend_on_the_input_has_a_gradient_of_zero() -> None:
    module = toys.ReturnsParameter()
    value, gradient = input_gradient(module, VECTOR, "embedding#1", squares)
    assert value == 30
    assert_bit_equal(gradient, torch.zeros_like(VECTOR))


def test_what_cannot_be_followed_is_refused_and_no_hook_stays() -> None:
    module = nn.Sequential(nn.Linear(5, 5))
    with pytest.raises(UnknownLayerError, match="'0#2' did not happen"):
        input_gradient(module, VECTOR, "0#2", squares)
    with pytest.raises(ChannelError, match="no gradient from '0#1'"):
        input_gradient(module, VECTOR, "0#1", lambda activation: activation.detach().sum())
    assert not any(part._forward_hooks for part in module.modules())


def test_a_network_on_the_cpu_is_not_copied() -> None:
    module = toys.SkipAdd()
    assert on_cpu(module) is module
