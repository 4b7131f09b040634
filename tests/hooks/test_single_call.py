"""Which layers can be known to run at most once."""

import pytest
from torch import Tensor, nn
from torchvision.models import mobilenet_v3_small, resnet18, vgg11

from actviz_core.hooks.single_call import runs_at_most_once
from tests.hooks import toys


@pytest.mark.parametrize("layer", ["conv1", "layer1", "layer1.0.conv1", "layer3.1.bn2", "fc"])
def test_plain_layers_of_a_resnet_run_once(layer: str) -> None:
    assert runs_at_most_once(resnet18(), layer)


def test_a_relu_called_twice_in_a_block_may_run_again() -> None:
    assert not runs_at_most_once(resnet18(), "layer1.0.relu")


def test_layers_in_nested_sequentials_run_once() -> None:
    assert runs_at_most_once(vgg11(), "features.3")
    assert runs_at_most_once(mobilenet_v3_small(), "features.1.block.0.0")


class HelperCalledTwice(nn.Module):
    """A method that calls a layer is itself called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def step(self, x: Tensor) -> Tensor:
        return self.conv(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.step(self.step(x))


class PassedOn(nn.Module):
    """A layer is handed to somebody else."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        layer = self.conv
        return layer(layer(x))


class OverChildren(nn.Module):
    """Layers run in a loop over children."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            for child in self.children():
                x = child(x)
        return self.conv(x)


class ReachesInto(nn.Module):
    """A grandparent calls its grandchild a second time."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential()
        self.block.add_module("conv", nn.Conv2d(3, 3, 1))

    def forward(self, x: Tensor) -> Tensor:
        again: Tensor = self.block.conv(self.block(x))  # type: ignore[operator]  # torch types it as a Tensor
        return again


@pytest.mark.parametrize(
    ("network", "layer"),
    [
        (HelperCalledTwice, "conv"),
        (PassedOn, "conv"),
        (OverChildren, "conv"),
        (ReachesInto, "block.conv"),
        (toys.SharedByTwoParents, "left.shared"),
        (toys.DataDependentLoop, "step"),
        (toys.Checkpointed, "block.0"),
    ],
)
def test_anything_less_plain_may_run_again(network: type[nn.Module], layer: str) -> None:
    assert not runs_at_most_once(network(), layer)


def test_a_forward_replaced_on_the_instance_is_not_trusted() -> None:
    module = resnet18()
    module.forward = lambda x: module.conv1(module.conv1(x))
    assert not runs_at_most_once(module, "conv1")
