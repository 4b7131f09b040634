"""Estimates are shared by networks of one architecture, and by no others."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from actviz_core.hooks import Estimate, estimate
from actviz_core.workspace import estimates as estimates_module
from actviz_core.workspace.estimates import Estimates
from tests.toy_models import CountedNet, model_of


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """The networks that are estimated, one entry each time."""
    networks: list[nn.Module] = []

    def counting(module: nn.Module, shape: tuple[int, ...], *, steps: bool) -> Estimate:
        networks.append(module)
        return estimate(module, shape, steps=steps)

    monkeypatch.setattr(estimates_module, "estimate", counting)
    return networks


def convolution(stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride))


def test_two_weights_of_a_network_share_one_estimate(measured: list[nn.Module]) -> None:
    estimates = Estimates(1000)
    first, second = (model_of(convolution(1), fingerprint=name) for name in ("first", "second"))
    assert estimates.of(first) is estimates.of(second) is estimates.of(first)
    assert len(measured) == 1
    assert estimates.of(first, steps=True) is estimates.of(second, steps=True)
    assert len(measured) == 2


def test_a_network_that_differs_in_a_setting_alone_has_its_own(measured: list[nn.Module]) -> None:
    estimates = Estimates(1000)
    first, second = (model_of(convolution(stride), fingerprint=str(stride)) for stride in (1, 2))
    assert [estimates.of(model).rows[0].shape for model in (first, second)] == [(1, 4, 6, 6), (1, 4, 3, 3)]
    assert len(measured) == 2


class RepeatsByValue(nn.Module):
    """How large its output is depends on the value of a buffer."""

    times: Tensor

    def __init__(self, times: int) -> None:
        super().__init__()
        self.register_buffer("times", torch.tensor(times))

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat(int(self.times), 1, 1, 1)


class KeepsAFunction(nn.Module):
    """What it computes lies in a function that nobody can compare."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        return self.change(x)


def test_networks_whose_shapes_depend_on_values_share_nothing() -> None:
    estimates = Estimates(1000)
    for network in (RepeatsByValue, lambda times: KeepsAFunction(lambda x: x.repeat(times, 1, 1, 1))):
        models = [model_of(network(n), fingerprint=f"{network}{n}") for n in (2, 3)]
        assert [estimates.of(model).rows[0].shape for model in models] == [(2, 3, 8, 8), (3, 3, 8, 8)]
        assert estimates.of(models[0]) is estimates.of(models[0])


def test_a_network_that_holds_a_lock_needs_no_pass() -> None:
    net = CountedNet()
    assert Estimates(1000).of(model_of(net)).simulated
    assert net.passes == 0
