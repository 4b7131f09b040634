"""`capture_gradients`: names, targets, calls without a gradient, steps, and the module left as found."""

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core import capture, capture_gradients
from actviz_core.errors import NoGradientError, TargetError, UnknownLayerError
from tests.hooks import toys
from tests.hooks.gradient_reference import hooked_gradients
from tests.support.filling import with_some_values

PICTURE = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(1))
VECTOR = torch.randn(2, 5, generator=torch.Generator().manual_seed(2))
NETWORKS: dict[str, tuple[type[nn.Module], Tensor]] = {
    "in-place after": (toys.InPlaceAfter, PICTURE),
    "reused relu": (toys.ReusedReLU, VECTOR),
    "skip add": (toys.SkipAdd, PICTURE),
    "shared by two parents": (toys.SharedByTwoParents, VECTOR),
    "view modified later": (toys.ViewModifiedLater, VECTOR[:, [0, 1, 2, 3, 4, 0]]),
    "never called": (toys.NeverCalled, VECTOR),
    "checkpointed": (toys.Checkpointed, VECTOR),
    "data-dependent loop": (toys.DataDependentLoop, VECTOR),
    "returns its input": (toys.ReturnsInput, VECTOR),
    "returns a parameter": (toys.ReturnsParameter, VECTOR),
    "nested outputs": (toys.NestedOutputs, VECTOR[None]),
}


def build(network: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return network()


def squares(output: Tensor) -> Tensor:
    return output.square().sum()


@pytest.mark.parametrize("case", NETWORKS)
def test_every_gradient_is_what_a_tensor_hook_gets(case: str) -> None:
    network, x = NETWORKS[case]
    module = build(network)
    reference = hooked_gradients(module, x, squares)
    given = x.clone()
    record = capture_gradients(module, given, squares)
    assert given.equal(x)
    assert not given.requires_grad
    assert set(record) | set(record.without) == set(reference)
    for call, gradient in reference.items():
        if gradient is None:
            assert call in record.without
        else:
            assert record[call].equal(gradient), call
            assert capture_gradients(module, x.clone(), squares, [call])[call].equal(gradient), call
    assert all(parameter.grad is None for parameter in module.parameters())


def test_calls_come_in_order_and_a_reused_layer_is_numbered() -> None:
    record = capture_gradients(build(toys.ReusedReLU), VECTOR, 0)
    assert list(record) == ["input", "relu#1", "first", "relu#2", "second", "relu#3"]
    assert record.calls("relu") == ("relu#1", "relu#2", "relu#3")
    assert list(capture_gradients(build(toys.ReusedReLU), VECTOR, 0, ["relu#2"])) == ["relu#2"]


class OnlyHalf(nn.Module):
    """One branch does not reach the answer, and one layer returns whole numbers."""

    class Places(nn.Module):
        """Where the largest value is."""

        def forward(self, x: Tensor) -> Tensor:
            return x.argmax(1)

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Linear(5, 3)
        self.aside = nn.Linear(5, 3)
        self.places = self.Places()

    def forward(self, x: Tensor) -> Tensor:
        self.places(self.aside(x))
        return self.used(x)


def test_a_call_without_influence_has_no_gradient_instead_of_zeros() -> None:
    record = capture_gradients(build(OnlyHalf), VECTOR, 1)
    assert list(record) == ["input", "used"]
    assert set(record.without) == {"aside", "places"}
    assert record.calls("aside") == ()
    assert "aside" not in record
    assert record.get("aside") is None
    with pytest.raises(NoGradientError, match="'aside' has no gradient: the number does not depend"):
        record["aside"]
    with pytest.raises(NoGradientError, match="'places' has no gradient: torch follows no gradient"):
        record["places"]
    with pytest.raises(UnknownLayerError, match="'usde' was not captured"):
        record["usde"]


def test_a_layer_that_never_ran_is_told_apart_from_one_without_a_gradient() -> None:
    record = capture_gradients(build(toys.NeverCalled), VECTOR, 1)
    with pytest.raises(UnknownLayerError, match="'unused' never ran") as caught:
        record["unused"]
    assert not isinstance(caught.value, NoGradientError)


def test_the_number_is_the_classes_value_summed_over_pictures() -> None:
    module = build(toys.NeverCalled)
    record = capture_gradients(module, VECTOR, 3)
    answer = module(VECTOR).detach()
    assert record.number == pytest.approx(float(answer[:, 3].sum()))
    assert record["used"].equal(torch.eye(5)[3].repeat(2, 1))
    alone = capture_gradients(module, VECTOR[:1], 3)
    torch.testing.assert_close(alone["input"], record["input"][:1])


def test_maps_of_classes_are_summed_over_their_places() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3))
    record = capture_gradients(module, PICTURE, 2, ["0"])
    assert record["0"][:, 2].eq(1).all()
    assert record["0"][:, [0, 1, 3]].eq(0).all()


def test_what_is_no_target_is_said() -> None:
    module = build(toys.NeverCalled)
    with pytest.raises(TargetError, match="no class 5: the network's answer has the classes 0 to 4"):
        capture_gradients(module, VECTOR, 5)
    with pytest.raises(TargetError, match=r"it gave shape \(2, 5\)"):
        capture_gradients(module, VECTOR, lambda output: output)
    with pytest.raises(TargetError, match="it gave float"):
        capture_gradients(module, VECTOR, lambda _output: 1.0)  # type: ignore[arg-type, return-value]
    with pytest.raises(TargetError, match="int64, which has no gradients"):
        capture_gradients(module, VECTOR, lambda output: output.argmax())


def test_a_number_of_nothing_leaves_every_call_without_a_gradient() -> None:
    record = capture_gradients(build(toys.NeverCalled), VECTOR, lambda _output: torch.ones(()))
    assert len(record) == 0
    assert set(record.without) == {"input", "used"}


def test_the_input_is_there_when_it_is_asked_for() -> None:
    module = build(toys.TwoInputs)
    inputs = (VECTOR, VECTOR + 1)
    record = capture_gradients(module, inputs, 0)
    assert list(record) == ["input[0]", "input[1]", "linear"]
    assert record.calls("input") == ("input[0]", "input[1]")
    assert list(capture_gradients(module, inputs, 0, ["linear"])) == ["linear"]
    assert list(capture_gradients(module, inputs, 0, ["input[1]"])) == ["input[1]"]
    with pytest.raises(UnknownLayerError, match=r"'input\[2\]' is no input with a gradient"):
        capture_gradients(module, inputs, 0, ["input[2]"])


def test_a_layer_called_input_keeps_its_name() -> None:
    class Named(nn.Module):
        """Has a layer with the picture's name."""

        def __init__(self) -> None:
            super().__init__()
            self.input = nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.input(x)

    record = capture_gradients(build(Named), VECTOR, 0)
    assert record["/input"].shape == (2, 5)
    assert record["input"].shape == (2, 3)


def test_an_unknown_layer_is_said_as_by_capture() -> None:
    with pytest.raises(UnknownLayerError, match=r"'usd' is not a layer of this network. Closest: 'used'"):
        capture_gradients(build(toys.NeverCalled), VECTOR, 0, ["usd"])
    with pytest.raises(UnknownLayerError, match="did not happen in this forward pass; 'relu' ran 3 times"):
        capture_gradients(build(toys.ReusedReLU), VECTOR, 0, ["relu#4"])


def test_steps_have_gradients_under_the_names_of_capture() -> None:
    module = with_some_values(get_model("resnet18"))
    x = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(3))
    values = capture(module, x, steps=True)
    record = capture_gradients(module, x, 7, steps=True)
    assert list(record)[1:] == list(values)
    assert all(record[call].shape == value.shape for call, value in values.items())
    plain = capture_gradients(module, x, 7)
    assert all(record[call].equal(gradient) for call, gradient in plain.items())
    # What the second convolution's norm and the skip connection get is the gradient of their sum.
    assert record["layer1.0/add#1"].equal(record["layer1.0.bn2"])
    alone = capture_gradients(module, x, 7, ["layer1.0/add#1"], steps=True)
    assert alone["layer1.0/add#1"].equal(record["layer1.0/add#1"])


def test_a_record_shares_no_memory_with_the_networks_parameters() -> None:
    class Weighted(nn.Module):
        """The gradient of its layer is the parameter itself."""

        def __init__(self) -> None:
            super().__init__()
            self.same = nn.Identity()
            self.weight = nn.Parameter(torch.ones(2, 5))

        def forward(self, x: Tensor) -> Tensor:
            return Passes.apply(self.same(x), self.weight)

    class Passes(torch.autograd.Function):
        """Its gradient is its second argument, uncopied."""

        @staticmethod
        def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
            ctx.save_for_backward(weight)
            return (x * weight).sum(1, keepdim=True)

        @staticmethod
        def backward(ctx: Any, *_gradients: Tensor) -> tuple[Tensor, None]:
            return ctx.saved_tensors[0], None

    module = Weighted()
    record = capture_gradients(module, VECTOR, 0)
    with torch.no_grad():
        module.weight.zero_()
    assert record["same"].eq(1).all()


@pytest.mark.parametrize("grad", [True, False])
def test_the_callers_own_gradient_mode_does_not_matter(*, grad: bool) -> None:
    module = build(toys.InPlaceAfter)
    expected = capture_gradients(module, PICTURE, 1)
    with torch.set_grad_enabled(grad):
        assert capture_gradients(module, PICTURE, 1)["bn"].equal(expected["bn"])
    with torch.inference_mode():
        record = capture_gradients(module, PICTURE, 1)
    assert record["bn"].equal(expected["bn"])


def test_frozen_parameters_make_no_difference() -> None:
    module = build(toys.InPlaceAfter)
    expected = capture_gradients(module, PICTURE, 1)
    module.requires_grad_(requires_grad=False)
    record = capture_gradients(module, PICTURE, 1)
    assert all(record[call].equal(gradient) for call, gradient in expected.items())


@pytest.mark.parametrize("network", [toys.Stochastic, toys.RaisesInTheMiddle])
def test_the_module_is_left_as_found(network: type[nn.Module]) -> None:
    module = build(network).train()
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    values = {name: value.clone() for name, value in module.state_dict().items()}
    random = torch.get_rng_state()
    fails = network is toys.RaisesInTheMiddle
    with pytest.raises(ValueError, match="broken on purpose") if fails else nullcontext():
        capture_gradients(module, VECTOR, 0)
    assert all(part.training for part in module.modules())
    assert all(not part._forward_hooks and not part._backward_hooks for part in module.modules())
    assert all(parameter.grad is not None and parameter.grad.eq(1).all() for parameter in module.parameters())
    assert all(value.equal(values[name]) for name, value in module.state_dict().items())
    assert torch.get_rng_state().equal(random)
